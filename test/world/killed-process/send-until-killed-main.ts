import { lockInstance } from "../../../src/store/instance-lock.ts";
import { openStore, type Store } from "../../../src/store/store.ts";
import { createSqlQueue } from "../../../src/jobs/sql-queue.ts";
import { createSmtpTransport } from "../../../src/mail/smtp-transport.ts";
import type { MailTransport } from "../../../src/mail/transport.ts";
import { createSendInvitation } from "../../../src/sharing/send-invitation.ts";
import { smtpAt } from "../../sharing/parts.ts";
import { sendingParts } from "../../sharing/sending-parts.ts";

/*
 * Sends what is planned and dies at a step: before and after each transaction and each mail, just before each commit, and
 * when a mail's bytes are about to leave. Says how many steps it took where it did not come so far.
 * send-until-killed-main.ts STORE KEY PORT STEP
 */
const [file = "", key = "", port = "", deadly = ""] = process.argv.slice(2);
let steps = 0;

function step(): void {
  steps += 1;
  if (steps === Number(deadly)) process.kill(process.pid, "SIGKILL");
}

function deadlyStore(store: Store): Store {
  return {
    ...store,
    transaction: async (work) => {
      step();
      const result = await store.transaction(async (db) => {
        const done = await work(db);
        step();
        return done;
      });
      step();
      return result;
    },
  };
}

function deadlyTransport(transport: MailTransport): MailTransport {
  return {
    ...transport,
    send: async (mail, signal, beforeContent) => {
      step();
      const receipt = await transport.send(mail, signal, async () => {
        await beforeContent?.();
        step();
      });
      step();
      return receipt;
    },
  };
}

await using lock = await lockInstance(file);
if (lock === null) throw new Error("Another process serves this store.");
await using opened = await openStore(file);
const store = deadlyStore(opened);
const smtp = smtpAt(Number(port));
await using transport = createSmtpTransport(() => smtp);
const queue = createSqlQueue({ store, owner: `serve:${process.pid}` });
await queue.releaseOwn("serve:");
const parts = sendingParts({ store, queue, key, transport: deadlyTransport(transport), smtp });
const workers = { "send-invitation": createSendInvitation(parts) };
await queue.drain(workers, { kinds: ["send-invitation"] }, AbortSignal.timeout(60_000));
console.log(`survived ${steps}`);
