import { randomUUID } from "node:crypto";
import { limits } from "../../domain/limits.ts";
import { localeOf } from "../../domain/locale.ts";
import { oneLine } from "../../domain/one-line.ts";
import { phrasesIn } from "../../domain/phrases/phrases.ts";
import {
  type CheckedSharing,
  checkSharing,
  noAccount,
  noSender,
  type SharingProblem,
} from "../../domain/sharing-request.ts";
import { type InviteForms, inviteForms } from "../../protocols/ocm/given-invite.ts";
import { countOpenInvites, insertInvite, inviteTokenHash, sealInviteToken } from "../../store/ocm-invites.ts";
import { addRecord } from "../../store/records.ts";
import { insertRecipients, insertSharing, readSharer, type Sharer } from "../../store/sharings.ts";
import type { Db } from "../../store/store.ts";
import type { FederationGround } from "../parts.ts";

/** What somebody asks to be invited to, as typed. */
export interface AskedInvite {
  /** Name of the account that invites. */
  readonly account: string;
  /** Mail addresses; none for one invitation that is handed over by other means. */
  readonly to: readonly string[];
  /** Of the one person invited; null where it is not known. */
  readonly name: string | null;
  /** What is to be shared, for people; null for words of Usher. */
  readonly title: string | null;
  readonly message: string | null;
  /** BCP 47; null takes the account's. */
  readonly locale: string | null;
  /** Who asks, for the record. */
  readonly by: string;
}

/** An invitation with its secrets: shown to whoever asks for them, once. */
export interface NewInvite extends InviteForms {
  readonly id: string;
  /** Null where it is handed over by other means. */
  readonly address: string | null;
  readonly expiresAtMs: number;
}

export type Given =
  /** `sharingId` is null where no mail is sent. */
  | { readonly kind: "given"; readonly sharingId: string | null; readonly invites: readonly NewInvite[] }
  | { readonly kind: "refused"; readonly problems: readonly SharingProblem[] };

type GiveParts = Pick<
  FederationGround,
  "newId" | "sealer" | "settings" | "siteUrl" | "sender" | "mailMember"
>;

/** Gives invitations, and plans the mails that bring them, in the caller's transaction: all of them or none. */
export async function giveInvites(db: Db, asked: AskedInvite, parts: GiveParts): Promise<Given> {
  const site = parts.siteUrl();
  const sharer = await readSharer(db, { name: asked.account });
  if (site === null) return refused(noSite);
  if (sharer === undefined) return refused(noAccount(asked.account));
  const wanted = Math.max(1, asked.to.length);
  if ((await countOpenInvites(db, sharer.id, Date.now())) + wanted > limits.ocmOpenInvites) {
    return refused(tooMany);
  }
  if (asked.to.length === 0) {
    const invite = await addInvite(db, { sharer, site, mailed: null }, parts);
    return { kind: "given", sharingId: null, invites: [invite] };
  }
  const checked = check(asked, sharer, site, parts);
  if (checked.kind === "refused") return checked;
  return mailInvites(db, { asked, sharer, site, sharing: checked.sharing }, parts);
}

type Checked =
  | { readonly kind: "checked"; readonly sharing: CheckedSharing }
  | Extract<Given, { readonly kind: "refused" }>;

function check(asked: AskedInvite, sharer: Sharer, site: string, parts: GiveParts): Checked {
  const locale = asked.locale ?? sharer.locale;
  const title = asked.title ?? phrasesIn(localeOf(locale)).anyFiles;
  const link = new URL("/ocm/invite", site).href;
  const checked = checkSharing({ ...asked, title, link, expiresAtMs: null }, Date.now());
  const problems = [
    ...(checked.ok ? [] : checked.problems),
    ...(asked.name !== null && asked.to.length > 1 ? [oneName] : []),
    ...(parts.sender() === null ? [noSender] : []),
  ];
  return checked.ok && problems.length === 0
    ? { kind: "checked", sharing: checked.sharing }
    : { kind: "refused", problems };
}

interface Mailing {
  readonly asked: AskedInvite;
  readonly sharer: Sharer;
  readonly site: string;
  readonly sharing: CheckedSharing;
}

async function mailInvites(db: Db, mailing: Mailing, parts: GiveParts): Promise<Given> {
  const { asked, sharer, site, sharing } = mailing;
  const id = parts.newId("h");
  const locale = asked.locale ?? sharer.locale;
  await insertSharing(db, {
    id,
    account_id: sharer.id,
    title: sharing.title,
    link_sealed: parts.sealer.seal(sharing.link, { table: "sharing", row: id, column: "link_sealed" }),
    message: sharing.message,
    created_at: Date.now(),
    // The invitation ends, not what came of it.
    expires_at: null,
    revoked_at: null,
  });
  await addRecord(db, { accountId: sharer.id, sharingId: id }, "decision", {
    action: "invite",
    by: asked.by,
    recipients: sharing.recipients.length,
    locale,
  });
  const invites: NewInvite[] = [];
  for (const { address, key } of sharing.recipients) {
    const recipientId = parts.newId("r");
    const named = { sharingId: id, recipientId, locale, address, key, name: asked.name };
    await addRecipient(db, named);
    const invite = await addInvite(db, { sharer, site, mailed: named }, parts);
    await parts.mailMember(db, { recipientId, link: invite.link, purpose: "invite" });
    invites.push(invite);
  }
  return { kind: "given", sharingId: id, invites };
}

interface Mailed {
  readonly sharingId: string;
  readonly recipientId: string;
  readonly locale: string;
  readonly address: string;
  readonly key: string;
  readonly name: string | null;
}

async function addRecipient(db: Db, mailed: Mailed): Promise<void> {
  const nowMs = Date.now();
  const recipient = {
    id: mailed.recipientId,
    sharing_id: mailed.sharingId,
    address_key: mailed.key,
    address: mailed.address,
    name: mailed.name === null ? null : oneLine(mailed.name, limits.nameChars),
    locale: mailed.locale,
    // Until the mail is planned.
    state: "mail-not-sent",
    reason: null,
    created_at: nowMs,
    updated_at: nowMs,
    told_by: null,
    link_sealed: null,
  } as const;
  await insertRecipients(db, { recipients: [recipient], invitations: [] });
}

async function addInvite(
  db: Db,
  of: { readonly sharer: Sharer; readonly site: string; readonly mailed: Mailed | null },
  { newId, sealer, settings }: GiveParts,
): Promise<NewInvite> {
  const { sharer, site, mailed } = of;
  const id = newId("v");
  const token = randomUUID();
  const nowMs = Date.now();
  const expiresAtMs = nowMs + settings().inviteLifeMs;
  await insertInvite(db, {
    id,
    account_id: sharer.id,
    sharing_id: mailed?.sharingId ?? null,
    recipient_id: mailed?.recipientId ?? null,
    token_hash: inviteTokenHash(token),
    token_sealed: sealInviteToken(sealer, id, token),
    state: "open",
    contact_id: null,
    accepted_by_host: null,
    created_at: nowMs,
    expires_at: expiresAtMs,
    accepted_at: null,
  });
  return { id, address: mailed?.address ?? null, expiresAtMs, ...inviteForms(site, token) };
}

function refused(problem: SharingProblem): Given {
  return { kind: "refused", problems: [problem] };
}

const noSite: SharingProblem = {
  field: "server",
  because: "no-site",
  detail:
    "Invitations from cloud to cloud need an address of this site: set server.publicUrl in the configuration, and ocm.enabled.",
};

const tooMany: SharingProblem = {
  field: "to",
  because: "too-many-invitations",
  detail: `The account would have more than ${limits.ocmOpenInvites} open invitations; withdraw some: usher sharing invites ACCOUNT shows them.`,
};

const oneName: SharingProblem = {
  field: "name",
  because: "several-recipients",
  detail: "A name is of one person; invite several people one by one, or leave the name out.",
};
