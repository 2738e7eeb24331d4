import { createHash, randomBytes } from "node:crypto";
import { filesType, isFolder } from "../../domain/cozy-document.ts";
import { limits } from "../../domain/limits.ts";
import type { PeerReply, PeerRequest } from "../../http/peer-route.ts";
import { readReplicated, type ReplicatedDocument } from "../../protocols/cozy/wire.ts";
import { readDocument } from "../../store/cozy-documents.ts";
import type { Db } from "../../store/store.ts";
import { bodyOf } from "../documents/access.ts";
import { JsonApiError } from "../json-api.ts";
import type { InstanceParts } from "../parts.ts";
import { documentFor } from "./owner-documents.ts";
import { isOfSharing, judgeSent, rulesOf, type Sending } from "./received-rules.ts";
import { notOpen, takeDocument } from "./served-documents.ts";
import { requireStanding } from "./served-peer.ts";

/** A file that was announced, until its content comes. */
interface Announced {
  readonly sharingId: string;
  readonly document: ReplicatedDocument;
  readonly untilMs: number;
}

/** Files whose content was announced. A sharer that finds its key forgotten, for example after a restart, announces again. */
export type Uploads = Map<string, Announced>;

/** PUT /sharings/:id/io.cozy.files/:file/metadata: 204 where the content is known here, else a key to put it under. */
export function announceFile(uploads: Uploads) {
  return async (
    db: Db,
    sending: Sending,
    { params, body }: PeerRequest,
    parts: InstanceParts,
  ): Promise<PeerReply> => {
    requireStanding(sending);
    const document = readReplicated(body);
    if (document === null || document.id !== params["file"]) {
      throw new JsonApiError(400, { detail: "The body is the document of the file in the path." });
    }
    if (Number(document.body["size"] ?? 0) > limits.cozyFileBytes) throw tooLarge();
    const { sharing } = sending;
    const key = { accountId: sharing.account_id, doctype: filesType, id: document.id };
    const judged = await judgeSent(db, sharing, key, document);
    if (judged.kind === "closed") throw notOpen();
    const { known } = judged;
    const isKnown =
      known !== undefined && known.content !== null && sumOf(known.content) === document.body["md5sum"];
    if (isKnown || document.isDeleted) {
      await takeDocument(db, sending, { doctype: filesType, document, content: "keep" }, parts);
      return { status: 204 };
    }
    return { status: 200, body: { key: keep(uploads, { sharingId: sharing.id, document }) } };
  };
}

function keep(uploads: Uploads, announced: Omit<Announced, "untilMs">): string {
  const nowMs = Date.now();
  for (const [old, { untilMs }] of uploads) {
    if (untilMs > nowMs && uploads.size < limits.cozyUploads) break;
    uploads.delete(old);
  }
  const key = randomBytes(16).toString("hex");
  uploads.set(key, { ...announced, untilMs: nowMs + limits.cozyUploadMs });
  return key;
}

/** PUT /sharings/:id/io.cozy.files/:file, where the last piece is a key that was given: the content of that file. */
export function takeContent(uploads: Uploads) {
  return async (
    db: Db,
    sending: Sending,
    { params, body }: PeerRequest,
    parts: InstanceParts,
  ): Promise<PeerReply> => {
    requireStanding(sending);
    const key = params["file"] ?? "";
    const announced = uploads.get(key);
    if (announced?.sharingId !== sending.sharing.id || announced.untilMs <= Date.now()) {
      throw new JsonApiError(404, {
        detail: "Nothing was announced under this key; send the metadata again.",
      });
    }
    const content = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
    const { document } = announced;
    const sum = document.body["md5sum"];
    if (typeof sum === "string" && sum !== "" && sumOf(content) !== sum) {
      throw new JsonApiError(422, {
        detail: "The content is not the one that was announced.",
        field: "md5sum",
      });
    }
    uploads.delete(key);
    await takeDocument(db, sending, { doctype: filesType, document, content }, parts);
    return { status: 204 };
  };
}

/** As cozy-stack writes it: MD5 in base64. */
function sumOf(content: Buffer): string {
  return createHash("md5").update(content).digest("base64");
}

function tooLarge(): JsonApiError {
  const detail = `A file may have ${limits.cozyFileBytes / 1024 / 1024} MiB here.`;
  return new JsonApiError(413, { detail });
}

/** GET /sharings/:id/io.cozy.files/:file: a folder of the sharing, as replication writes it. */
export async function showFolder(db: Db, sending: Sending, { params }: PeerRequest): Promise<PeerReply> {
  requireStanding(sending);
  const { sharing } = sending;
  const id = params["file"] ?? "";
  const row = await readDocument(db, { accountId: sharing.account_id, doctype: filesType, id });
  const isShown =
    row !== undefined &&
    row.is_deleted === 0 &&
    isFolder(filesType, bodyOf(row)) &&
    (await isOfSharing(db, sharing, row));
  if (!isShown) throw new JsonApiError(404, { detail: "There is no such folder." });
  const told = { key: new Uint8Array(), rules: rulesOf(sharing), isDeleted: false };
  return { status: 200, body: documentFor(row, told) };
}
