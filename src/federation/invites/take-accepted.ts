import { isAcceptable } from "../../domain/cloud-invite.ts";
import type { PeerReply, PeerRequest } from "../../http/peer-route.ts";
import type { Peer } from "../../protocols/ocm/peer.ts";
import {
  type GivenInvite,
  inviteByToken,
  readInvite,
  standingOf,
  useInvite,
} from "../../store/ocm-invites.ts";
import { ocmContactById } from "../../store/ocm-contacts.ts";
import { addRecord } from "../../store/records.ts";
import type { Db } from "../../store/store.ts";
import { limits } from "../../domain/limits.ts";
import type { FederationParts } from "../parts.ts";
import { knownPeer } from "../peers/discover.ts";
import { comeBack, refusal } from "../refusal.ts";
import { type Acceptance, readAcceptance } from "./acceptance.ts";
import { keepContact, ownPerson } from "./contact.ts";

/**
 * POST /ocm/invite-accepted (reference/ocm.md 4.2): somebody at another server accepts an invitation of an account. Nobody is
 * asked anything before the token proved right; then the server that he names is looked at, and a signature has to be its own.
 * A repetition by the same person is answered as the first time, as OpenCloud does: his server may have lost the answer.
 */
export async function takeAccepted(parts: FederationParts, request: PeerRequest<null>): Promise<PeerReply> {
  const read = readAcceptance(request);
  if (read.kind === "invalid")
    return refusal(400, "Invalid parameters", [{ name: read.field, message: read.why }]);
  const { acceptance } = read;
  const { db } = parts.store;
  const invite = await inviteByToken(db, acceptance.token);
  const isUsed = invite?.state === "accepted";
  if (invite === undefined || !(isUsed || isAcceptable(standingOf(invite), Date.now())))
    return unknownToken(request);
  if (isUsed && !(await isSame(db, invite, acceptance))) return alreadyAccepted;
  const look = await lookAt(parts, request, acceptance.host);
  if (look.kind === "refused") return look.reply;
  return parts.store.transaction(async (tx) => accept(tx, { inviteId: invite.id, acceptance }, parts));
}

type Look = { readonly kind: "fine" } | { readonly kind: "refused"; readonly reply: PeerReply };

/**
 * Whether the server is one that may be believed, and has not been imitated. One that was never heard of counts like a wrong
 * token: whoever has one invitation could have any number of servers asked.
 */
async function lookAt(parts: FederationParts, request: PeerRequest<null>, host: string): Promise<Look> {
  const waitMs = (await knownPeer(parts, host)) === null ? request.countWrongSecret() : null;
  if (waitMs !== null) return { kind: "refused", reply: comeBack(429, "Too many unknown servers", waitMs) };
  const ask = { signal: request.signal, record: () => undefined };
  const found = await parts.peers.discover(host, ask);
  if (found.kind === "try-later") return { kind: "refused", reply: comeAgain };
  if (found.kind === "no-peer") return notTrusted(parts, host, found.because);
  const verified = await parts.peers.verify(request, host, ask);
  if (verified.kind === "signed") return { kind: "fine" };
  const because = verified.kind === "unsigned" ? "unsigned" : verified.because;
  const mayBe = unsigned.has(because) && !signsAcceptances(found.peer);
  return mayBe ? { kind: "fine" } : notTrusted(parts, host, because);
}

/** Whoever has a form of signing of his own, as ocm-stub (reference/ocm.md 4.8), says no more than who signs nothing. */
const unsigned: ReadonlySet<string> = new Set(["unsigned", "signature-unreadable"]);

/**
 * Servers that announce signatures sign this too, but for Nextcloud, whose contacts app posts by itself and unsigned while its
 * core signs (reference/ocm.md 4.2). That a peer signed something else before says nothing here.
 */
function signsAcceptances({ capabilities, endPoint }: Peer): boolean {
  return capabilities.has("http-sig") && !endPoint.endsWith("/index.php/ocm");
}

interface Accepting {
  readonly inviteId: string;
  readonly acceptance: Acceptance;
}

/** The token is used up, the contact kept and the recipient's answer noted, all or nothing. */
async function accept(db: Db, accepting: Accepting, parts: FederationParts): Promise<PeerReply> {
  const { inviteId, acceptance } = accepting;
  const nowMs = Date.now();
  const invite = await readInvite(db, inviteId);
  const own = invite && (await ownPerson(db, invite.account_id));
  if (invite === undefined || own === null || own === undefined) return notFound;
  if (invite.state === "accepted") {
    return (await isSame(db, invite, acceptance)) ? { status: 200, body: own } : alreadyAccepted;
  }
  if (!isAcceptable(standingOf(invite), nowMs)) return notFound;
  const { host } = acceptance;
  const of = { account_id: invite.account_id, host, came_by: "invite-sent" } as const;
  const contactId = await keepContact(db, of, acceptance, parts);
  if (contactId === null || !(await useInvite(db, inviteId, { host, contactId, nowMs }))) return notFound;
  await noteAnswer(db, invite, host, parts);
  parts.tell("invite-accepted", { invite: inviteId, host, side: "sending" });
  return { status: 200, body: own };
}

/** The sharer sees it where he sees what became of the mail. */
async function noteAnswer(
  db: Db,
  { account_id: accountId, sharing_id: sharingId, recipient_id: recipientId }: GivenInvite,
  host: string,
  { recipientAnswered, withdrawMails }: FederationParts,
): Promise<void> {
  if (sharingId === null || recipientId === null) return;
  await recipientAnswered(db, recipientId, { answer: "accepted", by: `server ${host}` });
  await withdrawMails(db, { accountId, recipientId });
  await addRecord(db, { accountId, sharingId, recipientId }, "outcome", { what: "contact-added", host });
}

async function isSame(db: Db, invite: GivenInvite, { host, userID }: Acceptance): Promise<boolean> {
  const contact = invite.contact_id === null ? undefined : await ocmContactById(db, invite.contact_id);
  return contact?.host === host && contact.user_id === userID;
}

/** Unknown, expired and withdrawn look the same. */
function unknownToken({ countWrongSecret }: PeerRequest<null>): PeerReply {
  const waitMs = countWrongSecret();
  if (waitMs === null) return notFound;
  return comeBack(429, "Too many wrong tokens", waitMs);
}

function notTrusted(parts: FederationParts, host: string, reason: string): Look {
  parts.tell("peer-refused", { host, what: "invite-accepted", reason });
  return { kind: "refused", reply: refusal(403, "The receiver's provider is not trusted") };
}

const notFound = refusal(400, "Invalid or non existing token", [{ name: "token", message: "NOT_FOUND" }]);
const alreadyAccepted = refusal(409, "Invite already accepted");
const comeAgain = comeBack(
  503,
  "The receiver's provider could not be looked at; come again later",
  limits.ocmComeAgainMs,
);
