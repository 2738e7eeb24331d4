import type { Client } from "./credentials.ts";
import type { TokenPair } from "./oauth.ts";
import type { Rule } from "./permissions.ts";
import type { Peer, Receiver } from "./transport.ts";
import { isObject, type JsonObject, notFound, textAt, unqualified } from "./wire.ts";

/** What servers really assign (reference/cozy.md 8.1). */
export type RecipientStatus =
  | ""
  | "mail-not-sent"
  | "unregistered"
  | "pending"
  | "accepted"
  | "refused"
  | "revoked";

/** One side of a sharing as the other keeps it: a recipient at the sharer, the sharer at a recipient. */
export interface Party {
  /** On the sharer only. */
  readonly contactId: string;
  status: RecipientStatus;
  /** Where its Cozy is, if that is kept here and not in the contact; else empty. */
  url: string;
  /** This Cozy as a client of theirs. */
  client: Client | null;
  /** What opens their Cozy. */
  pair: TokenPair | null;
  /** Their client here. */
  hostClientId: string;
}

/** What a sharing is in both generations. */
export interface Sharing {
  /** CouchDB's `_id`. */
  readonly id: string;
  readonly rev: string;
  /** What names it in paths and as `Sharing_id`. */
  readonly sharingId: string;
  readonly description: string;
  /** In the words of its generation. */
  readonly type: string;
  /** Whose changes go to the other side: nobody's, the sharer's, or both sides'. */
  readonly flow: "none" | "down" | "both";
  readonly appSlug: string;
  readonly owner: boolean;
  revoked: boolean;
  /** As given, with its titles. */
  readonly permissions: JsonObject;
  readonly rules: readonly Rule[];
  readonly recipients: Party[];
  /** On a recipient only. */
  readonly sharer: { readonly url: string; readonly party: Party } | null;
  /** Arguments of the triggers (reference/cozy.md 5.7). */
  triggers: readonly string[];
}

/** A Cozy with its sharings, and how its generation differs from the other. */
export interface SharingCozy extends Receiver {
  readonly sharings: Sharing[];
  /** Path at the sharer by which a recipient says that it leaves; `clientId` is the sharer's client at the recipient. */
  leavePath(sharing: Sharing, clientId: string): string;
  /** The states of recipients are set in copies when a whole sharing is revoked, and lost (reference/cozy.md, section 6). */
  readonly losesStates: boolean;
  attributesOf(sharing: Sharing): JsonObject;
}

/** A party of whom nothing is known yet. */
export function newParty(contactId: string): Party {
  return { contactId, status: "", url: "", client: null, pair: null, hostClientId: "" };
}

/** The sharing that a path names: 404 where there is none, 500 where there are several. */
export function sharingOf({ sharings }: SharingCozy, sharingId: string): Sharing {
  const [found, ...others] = sharings.filter((each) => each.sharingId === sharingId);
  if (found === undefined || sharingId === "") throw notFound("Sharing does not exist");
  if (others.length > 0) throw unqualified("There are several sharings with this id");
  return found;
}

export function recipientOfClient({ recipients }: Sharing, clientId: string): Party {
  const found = recipients.find(({ client }) => client !== null && client.client_id === clientId);
  if (found === undefined) throw notFound("Recipient does not exist");
  return found;
}

export interface Contact {
  readonly id: string;
  readonly rev: string;
  /** First address; empty where there is none. */
  readonly mail: string;
  /** First Cozy URL as typed; empty where there is none. */
  readonly cozy: string;
  readonly attributes: JsonObject;
}

/** A contact by its id, always with element 0 of its lists (reference/cozy.md 5.2); null where there is none. */
export function contactOf({ documents }: Pick<Receiver, "documents">, id: string): Contact | null {
  const found = documents.get("io.cozy.contacts", id);
  if (found === null) return null;
  const { value, rev } = found;
  return {
    id,
    rev,
    mail: textAt(firstOf(value["email"]), "address"),
    cozy: textAt(firstOf(value["cozy"]), "url"),
    attributes: value,
  };
}

function firstOf(list: unknown): JsonObject | null {
  const first: unknown = Array.isArray(list) ? list[0] : null;
  return isObject(first) ? first : null;
}

/** A contact learns of a Cozy; a known one stays where it is. */
export function addCozyUrl(
  { documents }: Pick<Receiver, "documents">,
  { id, attributes }: Contact,
  url: string,
) {
  const known: unknown = attributes["cozy"];
  const others: readonly unknown[] = Array.isArray(known) ? known : [];
  if (others.some((each) => isObject(each) && each["url"] === url)) return;
  documents.put("io.cozy.contacts", id, { ...attributes, cozy: [...others, { url }] });
}

/** The origin in what somebody typed: https where no scheme is given, a text without scheme taken as host. */
export function cozyOrigin(typed: string): string {
  const whole = /^https?:\/\//i.test(typed) ? typed : `https://${typed}`;
  return new URL(whole).origin;
}

/** The Cozy of a client: the origin of its redirect URI (reference/cozy.md 1.3). */
export function homeOf({ redirect_uris: [redirectUri = ""] }: Client): string {
  return new URL(redirectUri).origin;
}

/** The other side with what opens it, or null where there is no token. */
export function peerOf(cozy: SharingCozy, sharing: Sharing, party: Party): Peer | null {
  const { client, pair } = party;
  const url = sharing.sharer?.url ?? urlOf(cozy, party);
  if (client === null || pair === null || url === "") return null;
  return { url: cozyOrigin(url), client, pair, keep: (next) => void (party.pair = next) };
}

/** Where a recipient's Cozy is, as typed; empty where nobody knows. */
export function urlOf(cozy: Pick<Receiver, "documents">, { url, contactId }: Party): string {
  return url === "" ? (contactOf(cozy, contactId)?.cozy ?? "") : url;
}
