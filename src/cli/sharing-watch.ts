import { setTimeout as wait } from "node:timers/promises";
import type { Site } from "../site.ts";
import { isServing } from "../store/instance-lock.ts";
import { sendingCounts, type SendingCounts } from "../store/sending-counts.ts";
import type { Cli } from "./command.ts";
import { whenText } from "./found.ts";
import { createProgressView, sendingDescribed } from "./progress.ts";

const lookMs = 200;
/** Whoever waits for a mail that is due later than this can do something else meanwhile. */
const patienceMs = 2 * 60_000;

/**
 * Shows how the mails of a sharing get on, until all are sent or given up, the rest waits for long, or the command is
 * stopped. Where no daemon serves the store, the mails are sent here.
 */
export async function watchSending(cli: Cli, site: Site, sharingId: string): Promise<SendingCounts> {
  const { stop } = cli.io.signals();
  if (await isServing(site.config.store.file)) return watchUntilDone(cli, site, sharingId, stop);
  const { createSending } = await import("../sending.ts");
  await using sending = createSending(site, () => site.config);
  const ending = new AbortController();
  const working = site.queue.work(sending.workers, AbortSignal.any([stop, ending.signal]));
  try {
    return await watchUntilDone(cli, site, sharingId, stop);
  } finally {
    ending.abort();
    await working;
  }
}

async function watchUntilDone(
  cli: Cli,
  site: Site,
  sharingId: string,
  stop: AbortSignal,
): Promise<SendingCounts> {
  const { db } = site.store;
  let counts = await sendingCounts(db, sharingId, Date.now());
  const sentBefore = counts.sent;
  const view = createProgressView(cli.io, Date.now, (shown: SendingCounts, elapsedMs) =>
    sendingDescribed(shown, { sentBefore, elapsedMs }),
  );
  try {
    for (;;) {
      view.show(counts);
      if (isOver(counts, Date.now()) || stop.aborted) return counts;
      await wait(lookMs);
      counts = await sendingCounts(db, sharingId, Date.now());
    }
  } finally {
    view.end();
  }
}

function isOver({ open, due, nextAt }: SendingCounts, nowMs: number): boolean {
  return open === 0 || (due === 0 && (nextAt === null || nextAt > nowMs + patienceMs));
}

/** How the mails of a sharing stand, in sentences. */
export function sendingLines({ sent, failed, unclear, open, nextAt, because }: SendingCounts): string[] {
  const all = sent + failed + unclear + open;
  const why = because === null ? "" : `: ${because}`;
  return [
    `${sent} of ${all} mails sent${failed === 0 ? "" : `, ${failed} not sent`}${unclear === 0 ? "" : `, ${unclear} unclear`}.`,
    ...(open === 0 || nextAt === null ? [] : [`${open} wait, the next one until ${whenText(nextAt)}${why}.`]),
  ];
}
