import type { Db } from "../store/store.ts";
import type { JobKind } from "./queue.ts";

type Owned =
  | "message"
  | "notification"
  | "subscription"
  | "notice"
  | "sharer_notice"
  | "invitation"
  | "cozy_member"
  | "ocm_sent_share";

/** What the subject of each kind of work is; null for work of the site itself. */
const subjects: Readonly<Record<JobKind, Owned | null>> = {
  "read-message": "message",
  "read-answer": "message",
  "mark-message": "message",
  follow: "notification",
  refuse: "notification",
  "check-subscription": "subscription",
  leave: "subscription",
  "send-notice": "notice",
  "tell-member": "cozy_member",
  "tell-peer": "ocm_sent_share",
  "send-sharer-notice": "sharer_notice",
  "send-invitation": "invitation",
  "sweep-subscriptions": null,
  "expire-notifications": null,
  "sweep-sharings": null,
  "sweep-federation": null,
};

/** Name of the account whose work a job is; null for the site's own, and where the account was removed. */
export async function ownerOf(db: Db, kind: JobKind, subject: string): Promise<string | null> {
  const table = subjects[kind];
  if (table === null) return null;
  const query = queryOf(db, table, subject);
  return (await query.executeTakeFirst())?.name ?? null;
}

function queryOf(db: Db, table: Owned, id: string) {
  if (table === "invitation") return ofInvitation(db, id);
  return table === "cozy_member" ? ofMember(db, id) : ofRow(db, table, id);
}

function ofMember(db: Db, id: string) {
  return db
    .selectFrom("cozy_member")
    .innerJoin("cozy_sharing", "cozy_sharing.id", "cozy_member.cozy_sharing_id")
    .innerJoin("account", "account.id", "cozy_sharing.account_id")
    .select("account.name")
    .where("cozy_member.id", "=", id);
}

function ofRow(db: Db, table: Exclude<Owned, "invitation" | "cozy_member">, id: string) {
  return db
    .selectFrom(table)
    .innerJoin("account", "account.id", `${table}.account_id`)
    .select("account.name")
    .where(`${table}.id`, "=", id);
}

function ofInvitation(db: Db, id: string) {
  return db
    .selectFrom("invitation")
    .innerJoin("recipient", "recipient.id", "invitation.recipient_id")
    .innerJoin("sharing", "sharing.id", "recipient.sharing_id")
    .innerJoin("account", "account.id", "sharing.account_id")
    .select("account.name")
    .where("invitation.id", "=", id);
}
