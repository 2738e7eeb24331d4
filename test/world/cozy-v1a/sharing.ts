import { randomInt } from "node:crypto";
import type { Client } from "./stack/credentials.ts";
import type { TokenPair } from "./stack/oauth.ts";
import type { Rule } from "./stack/permissions.ts";
import type { Peer, Receiver } from "./stack/transport.ts";
import { isObject, type JsonObject, notFound, textAt, unqualified } from "./stack/wire.ts";

export type SharingType = "one-shot" | "master-slave" | "master-master";

export function isSharingType(text: string): text is SharingType {
  return text === "one-shot" || text === "master-slave" || text === "master-master";
}

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
  /** This Cozy as a client of theirs. */
  client: Client | null;
  /** What opens their Cozy. */
  pair: TokenPair | null;
  /** Their client here. */
  hostClientId: string;
}

export interface Sharing {
  /** CouchDB's `_id`. */
  readonly id: string;
  readonly rev: string;
  /** The OAuth state: 32 letters, a secret. */
  readonly sharingId: string;
  readonly description: string;
  readonly type: SharingType;
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

/** What the routes of v1a work on. */
export interface CozyV1aState extends Receiver {
  readonly sharings: Sharing[];
  /** Destination directories by slug and doctype, as `slug/doctype`. */
  readonly destinations: Map<string, string>;
}

/** The form of upstream's ids; unlike there from a source that nobody can guess (reference/cozy.md, section 10). */
export function newSharingId(): string {
  const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  return Array.from({ length: 32 }, () => letters[randomInt(letters.length)]).join("");
}

/** The sharing of a `sharing_id`: 404 where there is none, 500 where there are several. */
export function sharingOf({ sharings }: CozyV1aState, sharingId: string): Sharing {
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

/** The other side with what opens it, or null where there is no token. */
export function peerOf(cozy: CozyV1aState, sharing: Sharing, party: Party): Peer | null {
  const { client, pair, contactId } = party;
  const url = sharing.sharer?.url ?? contactOf(cozy, contactId)?.cozy ?? "";
  if (client === null || pair === null || url === "") return null;
  return { url: cozyOrigin(url), client, pair, keep: (next) => void (party.pair = next) };
}
