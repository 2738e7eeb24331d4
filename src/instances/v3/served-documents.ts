import type { PeerReply, PeerRequest } from "../../http/peer-route.ts";
import { readBulk, readRevisions, type ReplicatedDocument } from "../../protocols/cozy/wire.ts";
import { isDoctype } from "../../domain/cozy-permissions.ts";
import { type DocumentKey, readDocument } from "../../store/cozy-documents.ts";
import type { Db } from "../../store/store.ts";
import { putDocument, withoutOwnFolder } from "../documents/write.ts";
import { JsonApiError } from "../json-api.ts";
import type { InstanceParts } from "../parts.ts";
import { isOfSharing, judgeSent, type Sending } from "./received-rules.ts";
import { requireStanding } from "./served-peer.ts";

/** POST /sharings/:id/_revs_diff: which of these revisions are missing here (reference/cozy.md 7.8), as CouchDB answers. */
export async function diffRevisions(db: Db, sending: Sending, { body }: PeerRequest): Promise<PeerReply> {
  requireStanding(sending);
  const asked = readRevisions(body);
  if (asked === null)
    throw new JsonApiError(400, { detail: "The body is doctype/id to lists of revisions." });
  const { sharing } = sending;
  const missing: Record<string, { readonly missing: readonly string[] }> = {};
  for (const [name, revisions] of Object.entries(asked)) {
    const slash = name.indexOf("/");
    const key = { accountId: sharing.account_id, doctype: name.slice(0, slash), id: name.slice(slash + 1) };
    const known = await readDocument(db, key);
    // What came from elsewhere is not told of: it is missing as far as this sharing goes.
    const isOwn = known !== undefined && (await isOfSharing(db, sharing, known));
    const own = isOwn ? known.revision : null;
    const lacking = revisions.filter((revision) => own === null || isNewer(revision, own));
    if (lacking.length > 0) missing[name] = { missing: lacking };
  }
  return { status: 200, body: missing };
}

/** Of one document the other side sends revisions of one history: a higher count is news, and so is another end of the same count. */
function isNewer(revision: string, own: string): boolean {
  return revision !== own && generationOf(revision) >= generationOf(own);
}

function generationOf(revision: string): number {
  return Number(revision.slice(0, revision.indexOf("-")));
}

/** POST /sharings/:id/_bulk_docs: documents of one sender, all or none of them. */
export async function takeBulk(
  db: Db,
  sending: Sending,
  { body }: PeerRequest,
  parts: InstanceParts,
): Promise<PeerReply> {
  requireStanding(sending);
  const documents = readBulk(body);
  if (documents === null)
    throw new JsonApiError(400, { detail: "The body is doctypes to lists of documents." });
  for (const [doctype, list] of Object.entries(documents)) {
    for (const document of list)
      await takeDocument(db, sending, { doctype, document, content: "keep" }, parts);
  }
  return { status: 200, body: [] };
}

/** One document as it was sent. */
interface Taken {
  readonly doctype: string;
  readonly document: ReplicatedDocument;
  readonly content: Buffer | "keep";
}

/** Writes it where the rules open it, unless it is older than what stands. Throws JsonApiError 403 and 413. */
export async function takeDocument(
  db: Db,
  { sharing, sender }: Sending,
  { doctype, document, content }: Taken,
  { queue }: Pick<InstanceParts, "queue">,
): Promise<void> {
  const { id, body, isDeleted, revision } = document;
  const key = { accountId: sharing.account_id, doctype, id };
  if (!isDoctype(doctype)) throw notOpen();
  const judged = await judgeSent(db, sharing, key, { body, isDeleted });
  // There is nothing here to be deleted, whosever it was.
  if (isDeleted && (judged.kind === "closed" || judged.known === undefined)) return;
  if (judged.kind === "closed") throw notOpen();
  const { known } = judged;
  if (known !== undefined && known.revision !== revision && !isNewer(revision, known.revision)) return;
  const written = await putDocument(
    db,
    key,
    {
      body: await placed(db, sharing, key, body),
      content: isDeleted ? null : content,
      isDeleted,
      revision,
      from: { cozySharingId: sharing.id, memberId: sender.id },
    },
    { queue },
  );
  if (written.kind === "closed") throw notOpen();
  if (written.kind === "full") {
    throw new JsonApiError(413, { detail: "The account has more documents than are kept here." });
  }
}

/** A member of the account's own sharing may put documents into its folders; somebody who shares with it may not. */
async function placed(
  db: Db,
  { id, is_owner: owner }: Sending["sharing"],
  key: DocumentKey,
  body: ReplicatedDocument["body"],
): Promise<ReplicatedDocument["body"]> {
  return owner === 1 ? body : withoutOwnFolder(db, key, body, id);
}

/** The token opens what the rules name, and nothing more. */
export function notOpen(): JsonApiError {
  return new JsonApiError(403, { detail: "The rules of the sharing do not hold this document." });
}
