import type { JobKind, JobQueue, Worker, Workers } from "./jobs/queue.ts";
import { rulesByPresence, type ScanRules } from "./mailbox/scan-rules.ts";
import { mailReaders } from "./protocols/mail-readers.ts";
import type { ReadingParts } from "./receiving/read-message.ts";
import type { CurrentConfig, Room } from "./room.ts";
import type { Site } from "./site.ts";

/** What a scan looks for: header fields that some protocol knows a mail by. Found mails are read by a job each. */
export function scanRules(queue: JobQueue): ScanRules {
  const fields = mailReaders.flatMap(({ headers }) => headers);
  return rulesByPresence(fields, async (db, found) => {
    for (const { id, mailbox_id: mailboxId } of found) {
      const lane = `mailbox/${mailboxId}`;
      await queue.enqueue(db, { kind: "read-message", subject: id, lane, uniqueKey: `read/${id}` });
    }
  });
}

/** Reads found mails over connections that `withSession` lends. */
export function lazyReading(
  stack: AsyncDisposableStack,
  site: Site,
  current: CurrentConfig,
  withSession: ReadingParts["withSession"],
): Workers {
  return lazily(stack, ["read-message"], async () => {
    const { createReading } = await import("./reading.ts");
    return createReading(site, current, withSession);
  });
}

/** Does all that is done at origins and home servers. */
export function lazyOrigins(stack: AsyncDisposableStack, site: Site, current: CurrentConfig): Workers {
  return lazily(stack, ["follow", "check-subscription", "leave", "refuse"], async () => {
    const { createOrigins } = await import("./origins.ts");
    return createOrigins(site, current);
  });
}

/** Sends invitations. */
export function lazySending(stack: AsyncDisposableStack, site: Site, current: CurrentConfig): Workers {
  return lazily(stack, ["send-invitation"], async () => {
    const { createSending } = await import("./sending.ts");
    return createSending(site, current);
  });
}

/** A room is loaded with its first job, so that an idle daemon is small and ready at once. */
function lazily(stack: AsyncDisposableStack, kinds: readonly JobKind[], load: () => Promise<Room>): Workers {
  let loading: Promise<Room> | null = null;
  async function open(): Promise<Room> {
    const room = await load();
    stack.use(room);
    return room;
  }
  const workerOf =
    (kind: JobKind): Worker =>
    async (job, signal) => {
      const { workers } = await (loading ??= open());
      const worker = workers[kind];
      if (worker === undefined) throw new Error(`The room of ${kind} has no worker for it.`);
      return worker(job, signal);
    };
  return Object.fromEntries(kinds.map((kind) => [kind, workerOf(kind)]));
}
