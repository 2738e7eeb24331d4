import { unreachable } from "../domain/unreachable.ts";
import type { BrowseReply, OpenReply } from "../protocols/protocol.ts";
import { lookBehind, type LookBehind, type Looked, notesInRecord } from "../receiving/browse.ts";
import type { Site } from "../site.ts";
import { subscriptionsByPrefix } from "../store/subscriptions.ts";
import { type Cli, CommandError, print, table } from "./command.ts";
import { theOne } from "./found.ts";
import { openSite } from "./site.ts";

/** `usher subscription browse ID [PATH]`: what lies in one folder behind a share, live. */
export async function browse(
  cli: Cli,
  typed: string,
  path: string,
  options: { readonly json?: true },
): Promise<void> {
  const { stop } = cli.io.signals();
  await behindSubscription(cli, typed, async (behind, id) => {
    const reply = await behind.browse(id, path, stop);
    if (reply.kind !== "listed") throw refusal(reply);
    const rows = reply.entries.map(({ kind, name, sizeBytes }) => [
      kind,
      sizeBytes === null ? "" : String(sizeBytes),
      name,
    ]);
    const lines = rows.length === 0 ? ["The folder is empty."] : table(["kind", "bytes", "name"], rows);
    print(cli, options.json, reply, lines);
  });
}

/** Does `work` for the one subscription of that id, with the way out to its origin. */
export async function behindSubscription(
  cli: Cli,
  typed: string,
  work: (behind: LookBehind, id: string) => Promise<void>,
): Promise<void> {
  await using site: Site = await openSite(cli);
  const row = theOne(await subscriptionsByPrefix(site.store.db, typed), typed, "subscription");
  const { createOrigins } = await import("../origins.ts");
  await using origins = createOrigins(site, () => site.config);
  await work(lookBehind(origins.parts, notesInRecord(origins.parts)), row.id);
}

type Refused = Exclude<Looked<BrowseReply | OpenReply>, { readonly kind: "listed" | "opened" }>;

/** Why nothing was shown, and the way out. */
export function refusal(reply: Refused): CommandError {
  switch (reply.kind) {
    case "no-such-path":
      return new CommandError(`there is no ${JSON.stringify(reply.path)} there; browse the folder above it`);
    case "is-a-folder":
      return new CommandError(
        `${JSON.stringify(reply.path)} is a folder; list it with usher subscription browse`,
      );
    case "range-not-satisfiable":
      return new CommandError(
        reply.sizeBytes === null
          ? "the file ends before the range begins"
          : `the file has ${reply.sizeBytes} bytes and ends before the range begins`,
      );
    case "cannot-browse":
    case "no":
    case "try-later":
      return new CommandError(reply.detail);
    default:
      return unreachable(reply);
  }
}
