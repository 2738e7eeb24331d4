import { filesType } from "../../domain/cozy-document.ts";
import { isObject, type JsonObject } from "../../domain/json.ts";
import type { PeerReply, PeerRequest } from "../../http/peer-route.ts";
import { xorId } from "../../protocols/cozy/xor-id.ts";
import { readDocument } from "../../store/cozy-documents.ts";
import type { CozySharingRow } from "../../store/cozy-sharings.ts";
import type { Db } from "../../store/store.ts";
import { bodyOf } from "../documents/access.ts";
import type { InstanceParts } from "../parts.ts";
import { keptFields } from "./owner-documents.ts";
import { requireMember } from "./owner-peer.ts";
import { readOwned, rulesOf, stateOf } from "./owner-rows.ts";
import { xorKeyOf } from "./owner-secrets.ts";
import type { Sending } from "./received-rules.ts";
import { requireOwner } from "./served-peer.ts";

/** What a route does for whoever sends documents, with the ids of this Cozy. */
export type Answering = (
  db: Db,
  sending: Sending,
  request: PeerRequest,
  parts: InstanceParts,
) => Promise<PeerReply>;

/**
 * Answers a call about documents of a sharing, in one transaction: of the owner's Cozy where the account was invited, of a
 * member's where it shares. Only the owner changes ids, of what comes as of what goes (reference/cozy.md 7.1). Throws JsonApiError.
 */
export async function answerSender(
  parts: InstanceParts,
  request: PeerRequest,
  { verbs, answer }: { readonly verbs: "ALL" | "GET"; readonly answer: Answering },
): Promise<PeerReply> {
  return parts.store.transaction(async (db) => {
    const owned = await readOwned(db, request.instance.accountId, request.params["id"] ?? "");
    if (owned === null) {
      const { sharing, owner } = await requireOwner(db, request, Date.now());
      return answer(db, { sharing, sender: owner }, request, parts);
    }
    const { sharing, member } = await requireMember(db, request, verbs);
    const key = xorKeyOf(stateOf(parts.sealer, member) ?? "");
    const { params, body } = request;
    const own = { params: ownParams(params, key), body: await ownBody(db, sharing, body, key) };
    const reply = await answer(db, { sharing, sender: member }, { ...request, ...own }, parts);
    return { ...reply, body: theirs(reply.body ?? null, key) };
  });
}

/** The key under which content comes is no id: `theirs` changes it, too, so that it comes back as it was given out. */
function ownParams(params: PeerRequest["params"], key: Uint8Array): PeerRequest["params"] {
  const { file } = params;
  return file === undefined ? params : { ...params, file: xorId(file, key) };
}

/** Revisions by `doctype/id`, lists of documents by doctype, or one document. */
async function ownBody(db: Db, sharing: CozySharingRow, body: unknown, key: Uint8Array): Promise<unknown> {
  if (!isObject(body) || Buffer.isBuffer(body)) return body;
  if (typeof body["_id"] === "string") return ownDocument(db, sharing, { doctype: filesType, body, key });
  const entries: [string, unknown][] = [];
  for (const [name, value] of Object.entries(body)) {
    const list: readonly unknown[] = Array.isArray(value) ? value : [];
    const documents: unknown[] = [];
    for (const each of list) {
      documents.push(
        isObject(each) ? await ownDocument(db, sharing, { doctype: name, body: each, key }) : each,
      );
    }
    entries.push([ownName(name, key), documents]);
  }
  return Object.fromEntries(entries);
}

function ownName(name: string, key: Uint8Array): string {
  const slash = name.indexOf("/");
  return slash < 0 ? name : `${name.slice(0, slash)}/${xorId(name.slice(slash + 1), key)}`;
}

async function ownDocument(
  db: Db,
  sharing: CozySharingRow,
  { doctype, body, key }: { readonly doctype: string; readonly body: JsonObject; readonly key: Uint8Array },
): Promise<JsonObject> {
  const { _id: theirId, dir_id: folder } = body;
  const id = xorId(String(theirId), key);
  const known = await readDocument(db, { accountId: sharing.account_id, doctype, id });
  return {
    ...body,
    ...(typeof folder === "string" ? { dir_id: xorId(folder, key) } : {}),
    ...(known === undefined
      ? {}
      : keptFields({ doctype, id }, bodyOf(known), { sent: body, rules: rulesOf(sharing) })),
    _id: id,
  };
}

/** Names of missing documents, and a folder, with the ids of the other side. */
function theirs(body: PeerReply["body"], key: Uint8Array): NonNullable<PeerReply["body"]> | null {
  if (body === null || body === undefined || typeof body === "string" || Buffer.isBuffer(body))
    return body ?? null;
  if (!isObject(body)) return body;
  const { _id: id, dir_id: folder } = body;
  if (typeof id === "string") {
    const above = typeof folder === "string" ? { dir_id: xorId(folder, key) } : {};
    return { ...body, ...above, _id: xorId(id, key) };
  }
  const { key: upload } = body;
  if (typeof upload === "string") return { key: xorId(upload, key) };
  return Object.fromEntries(Object.entries(body).map(([name, value]) => [ownName(name, key), value]));
}
