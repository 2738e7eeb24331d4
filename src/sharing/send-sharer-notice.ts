import { deliver } from "../delivery/deliver.ts";
import type { DeliveryParts } from "../delivery/parts.ts";
import { addressKey } from "../domain/address.ts";
import type { MailAddress } from "../domain/mail.ts";
import type { SharerNoticeLetter, UndeliveredTo, WriteSharerNotice } from "../domain/sharer-notice.ts";
import type { Worker } from "../jobs/queue.ts";
import { addRecord } from "../store/records.ts";
import {
  deleteSharerNotice,
  type PlannedSharerNotice,
  readSharerNotice,
  undeliveredIn,
  updateSharerNotice,
} from "../store/sharer-notices.ts";
import { readSharer, type Sharer } from "../store/sharings.ts";
import type { Db } from "../store/store.ts";

export interface SendSharerNoticeParts extends DeliveryParts {
  readonly writeSharerNotice: WriteSharerNotice;
}

/**
 * The worker that tells an account which recipients of a sharing could not be reached. The mail has the null envelope
 * sender (RFC 5321 section 4.5.5): nothing comes back of it, and nobody is told where it fails.
 */
export function createSendSharerNotice(parts: SendSharerNoticeParts): Worker {
  return async (job, signal) => {
    const { db } = parts.store;
    const notice = await readSharerNotice(db, job.subject);
    if (notice === undefined) return { kind: "done" };
    const sharer = await readSharer(db, { id: notice.account_id });
    const to = addressKey(sharer?.address ?? "");
    const failures = await undeliveredIn(db, notice.id);
    const isMoot = notice.raw_sealed === null && notice.state === "planned" && failures.length === 0;
    if (sharer === undefined || to === null || isMoot) {
      return { kind: "done", commit: async (tx) => deleteSharerNotice(tx, notice.id) };
    }
    const about = { accountId: notice.account_id, sharingId: notice.sharing_id };
    const mail = {
      row: notice,
      to,
      envelopeSender: "",
      rawPlace: { table: "sharer_notice", row: notice.id, column: "raw_sealed" },
      write: async (site: MailAddress) =>
        parts.writeSharerNotice(letterOf({ notice, sharer, to, failures }, site)),
      update: async (tx: Db, change: Parameters<typeof updateSharerNotice>[2]) =>
        updateSharerNotice(tx, notice.id, change),
      record: async (tx: Db, detail: object) =>
        addRecord(tx, about, "outcome", { what: "notice", notice: "undelivered", ...detail }),
    };
    return deliver(mail, job, parts, signal);
  };
}

interface Told {
  readonly notice: PlannedSharerNotice;
  readonly sharer: Sharer;
  /** Envelope recipient, a bare addr-spec. */
  readonly to: string;
  readonly failures: readonly UndeliveredTo[];
}

function letterOf({ notice, sharer, to, failures }: Told, site: MailAddress): SharerNoticeLetter {
  return {
    template: "notice-undelivered",
    locale: sharer.locale,
    site,
    messageId: notice.message_id,
    date: Date.now(),
    facts: {
      siteName: site.name === "" ? site.address : site.name,
      recipient: { name: sharer.name, address: to },
      title: notice.title,
      failures,
    },
  };
}
