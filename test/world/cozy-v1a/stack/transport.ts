import type { Reply } from "../../faulty-answers.ts";
import type { Client, Holder } from "./credentials.ts";
import { saysTheSame, type StoredDocument } from "./documents.ts";
import { type OauthSide, refreshed, type TokenPair } from "./oauth.ts";
import { type Answer, call } from "./outgoing.ts";
import { isAbout, type Rule, type Verb } from "./permissions.ts";
import type { Stack } from "./stack.ts";
import {
  type CozyRequest,
  empty,
  json,
  type JsonObject,
  jsonError,
  notFound,
  plainError,
  readObject,
  type Refused,
  textAt,
} from "./wire.ts";

/** The other side of an accepted sharing, with what opens it. */
export interface Peer {
  readonly url: string;
  readonly client: Client;
  readonly pair: TokenPair;
  /** A refreshed pair is kept for the next call. */
  keep(pair: TokenPair): void;
}

/** A change of a document, as triggers see it. */
export interface Change {
  readonly kind: "CREATED" | "UPDATED" | "DELETED";
  readonly doctype: string;
  readonly id: string;
  /** Before a deletion, after any other change. */
  readonly value: JsonObject;
  /** OAuth client that brought it, null for the owner. Nothing goes back to it, or two writers would never come to rest. */
  readonly from: string | null;
}

/** What the routes for documents need: they tell of each change that came over them. */
export interface Receiver extends Stack {
  changed(change: Change): void;
}

/** A request with Bearer token; on "Bad Request" or "Unauthorized" once more with a new one (reference/cozy.md 5.5, 6). */
export async function callPeer(
  side: OauthSide,
  peer: Peer,
  method: string,
  path: string,
  value?: JsonObject,
): Promise<Answer> {
  const ask = async ({ access_token: token }: TokenPair): Promise<Answer> =>
    call(side.resolve, method, `${peer.url}${path}`, {
      headers: {
        Authorization: `Bearer ${token}`,
        Accept: "application/json",
        ...(value === undefined ? {} : { "Content-Type": "application/json" }),
      },
      ...(value === undefined ? {} : { body: JSON.stringify(value) }),
    });
  const first = await ask(peer.pair);
  if (first.status !== 400 && first.status !== 401) return first;
  const pair = await refreshed(side, peer.url, peer.client, peer.pair);
  peer.keep(pair);
  return ask(pair);
}

/** Sends a document as it stands here; nothing is sent where the other side has the same (reference/cozy.md 5.7). */
export async function sendDocument(
  side: OauthSide,
  peer: Peer,
  sharingId: string,
  doctype: string,
  document: StoredDocument,
): Promise<void> {
  const path = documentPath(doctype, document.id);
  const there = await callPeer(side, peer, "GET", `/data/${path}`);
  const value = { ...document.value };
  const query = new URLSearchParams({ Sharing_id: sharingId });
  if (there.status === 404 || there.status === 403) {
    await expectDone(callPeer(side, peer, "POST", `/sharings/doc/${path}?${String(query)}`, value));
    return;
  }
  const known = there.status === 200 ? readObject(there.text) : null;
  if (known === null) throw new Error(`The look at a document was answered with ${there.status}.`);
  if (saysTheSame(known, value)) return;
  query.set("rev", textAt(known, "_rev"));
  await expectDone(callPeer(side, peer, "PUT", `/sharings/doc/${path}?${String(query)}`, value));
}

export async function deleteDocument(
  side: OauthSide,
  peer: Peer,
  sharingId: string,
  doctype: string,
  id: string,
): Promise<void> {
  const path = documentPath(doctype, id);
  const there = await callPeer(side, peer, "GET", `/data/${path}`);
  if (there.status === 404) return;
  const rev = textAt(readObject(there.text), "_rev");
  const query = new URLSearchParams({ Sharing_id: sharingId, rev });
  await expectDone(callPeer(side, peer, "DELETE", `/sharings/doc/${path}?${String(query)}`));
}

function documentPath(doctype: string, id: string): string {
  return `${encodeURIComponent(doctype)}/${encodeURIComponent(id)}`;
}

async function expectDone(asked: Promise<Answer>): Promise<void> {
  const { status } = await asked;
  if (status < 200 || status > 299) throw new Error(`A document was answered with ${status}.`);
}

/** `GET|HEAD /data/:doctype/:docid`. To be told no is how a sharer learns that it must send. */
export function showDocument(cozy: Receiver, request: CozyRequest, doctype: string, id: string): Reply {
  const { rules } = cozy.credentials.holderOf(request);
  const known = cozy.documents.get(doctype, id);
  if (known === null) return notFound("The document is missing").reply;
  if (!allows(rules, "GET", doctype, known)) return plainError(403, "Forbidden").reply;
  return json(200, { _id: id, _rev: known.rev, ...known.value });
}

/** `POST|PUT|DELETE /sharings/doc/:doctype/:docid` for JSON documents (reference/cozy.md 5.7). */
export function receiveDocument(cozy: Receiver, request: CozyRequest, doctype: string, id: string): Reply {
  const holder = cozy.credentials.holderOf(request);
  const { rules } = holder;
  if (!request.query.has("Sharing_id")) cozy.refuse("a document came without Sharing_id");
  if (doctype === "io.cozy.files" && request.method === "POST" && request.query.has("Type")) {
    throw plainError(501, "The emulated Cozy takes no files");
  }
  if (request.method === "DELETE") return takeDeletion(cozy, request, holder, doctype, id);
  const value = readObject(request.body);
  if (value === null) throw plainError(400, "The body is no JSON object");
  const known = cozy.documents.get(doctype, id);
  if (request.method === "POST") {
    allow(rules, "POST", doctype, { id, value });
    if (known !== null) throw conflict();
  } else {
    allow(rules, "PUT", doctype, existing(known));
    checkRevision(existing(known), request);
  }
  const stored = cozy.documents.put(doctype, id, value);
  cozy.changed({
    kind: known === null ? "CREATED" : "UPDATED",
    doctype,
    id,
    value: stored.value,
    from: holder.name,
  });
  return json(200, { _id: id, _rev: stored.rev, ...stored.value });
}

function takeDeletion(
  cozy: Receiver,
  request: CozyRequest,
  { rules, name: from }: Holder,
  doctype: string,
  id: string,
): Reply {
  const known = existing(cozy.documents.get(doctype, id));
  allow(rules, "DELETE", doctype, known);
  checkRevision(known, request);
  cozy.documents.remove(doctype, id);
  cozy.changed({ kind: "DELETED", doctype, id, value: known.value, from });
  return empty(200);
}

function existing(known: StoredDocument | null): StoredDocument {
  if (known === null) throw notFound("The document is missing");
  return known;
}

type Asked = Pick<StoredDocument, "id" | "value">;

function allow(rules: readonly Rule[], verb: Verb, doctype: string, asked: Asked): void {
  if (!allows(rules, verb, doctype, asked)) throw plainError(403, "Forbidden");
}

function allows(rules: readonly Rule[], verb: Verb, doctype: string, { id, value }: Asked): boolean {
  return rules.some((rule) => rule.verbs.includes(verb) && isAbout(rule, doctype, id, value));
}

function checkRevision({ rev }: StoredDocument, { query }: CozyRequest): void {
  if (query.get("rev") !== rev) throw conflict();
}

function conflict(): Refused {
  return jsonError(409, { error: "conflict", reason: "Document update conflict." }, "conflict");
}
