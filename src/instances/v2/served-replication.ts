import { isObject } from "../../domain/json.ts";
import { limits } from "../../domain/limits.ts";
import type { PeerReply } from "../../http/peer-route.ts";
import {
  isNewerRevision,
  readBulk,
  readRevisions,
  type ReplicatedDocument,
} from "../../protocols/cozy-v2/replication.ts";
import { updateCozySharing } from "../../store/cozy-sharings.ts";
import type { Db } from "../../store/store.ts";
import { putDocument, withoutOwnFolder } from "../documents/write.ts";
import type { InstanceParts } from "../parts.ts";
import { type Judged, judgeSent } from "./judge-sent.ts";
import { attributesOf, type Received } from "./received.ts";
import type { ReplicationCall } from "./replication-call.ts";
import { V2Error } from "./replies.ts";
import { requireOpen } from "./served-documents.ts";

/** `_revs_diff`: which revisions are missing here. Of what the rules do not open all are, whatever stands there. */
export async function diffRevisions(db: Db, { received, request }: ReplicationCall): Promise<PeerReply> {
  const asked = readRevisions(request.body);
  if (asked === null) throw new V2Error(400, "bad_request: the body is ids with lists of revisions");
  const missing = new Map<string, { readonly missing: readonly string[] }>();
  for (const [id, revisions] of asked) {
    const judged = await judgeSent(db, received, { id, docType: null });
    const known = judged.kind === "open" ? judged.known : undefined;
    const have = known === undefined ? [] : [known.revision, ...known.ancestors.split(" ")];
    const lacking = revisions.filter((revision) => !have.includes(revision));
    if (lacking.length > 0) missing.set(id, { missing: lacking });
  }
  return { status: 200, body: Object.fromEntries(missing) };
}

type Opened = Extract<Judged, { readonly kind: "open" }>;

/** `_bulk_docs`: every document is held against the rules before one is written. */
export async function takeBulk(
  db: Db,
  { received, request }: ReplicationCall,
  { queue }: Pick<InstanceParts, "queue">,
): Promise<PeerReply> {
  const documents = readBulk(request.body);
  if (documents === null) throw new V2Error(400, "bad_request: the body is docs with new_edits false");
  const judged: { readonly document: ReplicatedDocument; readonly opened: Opened }[] = [];
  for (const document of documents) {
    if (document.docType === null && !document.isDeleted) throw new V2Error(403, "A document has no docType");
    judged.push({ document, opened: requireOpen(await judgeSent(db, received, document)) });
  }
  for (const { document, opened } of judged) await keepDocument(db, received, { document, opened }, queue);
  return { status: 201, body: documents.map(({ id, revision: rev }) => ({ ok: true, id, rev })) };
}

/** An older revision than what stands is a branch that lost: CouchDB keeps it aside, here it is let go. */
async function keepDocument(
  db: Db,
  { sharing, sharer }: Received,
  { document, opened }: { readonly document: ReplicatedDocument; readonly opened: Opened },
  queue: InstanceParts["queue"],
): Promise<void> {
  const { id, revision, isDeleted, body } = document;
  const { rule, known } = opened;
  if (known !== undefined && !isNewerRevision(revision, known.revision)) return;
  if (known === undefined && isDeleted) return;
  const key = { accountId: sharing.account_id, doctype: known?.doctype ?? rule.docType, id };
  const written = await putDocument(
    db,
    key,
    {
      body: await withoutOwnFolder(db, key, body, sharing.id),
      content: null,
      isDeleted,
      revision,
      from: { cozySharingId: sharing.id, memberId: sharer.id },
    },
    { queue },
  );
  if (written.kind === "closed") requireOpen(written);
  if (written.kind === "full") throw new V2Error(413, "The account has more documents than are kept here");
}

/** CouchDB's `_local` documents: how far a replication came. */
export function showCheckpoint({ received, path }: ReplicationCall): PeerReply {
  const kept = attributesOf(received.sharing).checkpoints[path];
  if (kept === undefined) return { status: 404, body: { error: "not_found", reason: "missing" } };
  return { status: 200, body: { ...kept.body, _id: path, _rev: kept.rev } };
}

/** One sharing has one replication; a second one may take its place, for example after a change of the sharer's server. */
const checkpointsKept = 4;

export async function keepCheckpoint(
  db: Db,
  { received, request, path }: ReplicationCall,
): Promise<PeerReply> {
  const { sharing } = received;
  const attributes = attributesOf(sharing);
  const known = attributes.checkpoints[path];
  if (
    !isObject(request.body) ||
    JSON.stringify(request.body).length > limits.scopeChars ||
    path.length > 200
  ) {
    throw new V2Error(400, "bad_request: the body is no checkpoint");
  }
  const { _id: _ownId, _rev: given, ...body } = request.body;
  if (known !== undefined && given !== known.rev) {
    return { status: 409, body: { error: "conflict", reason: "Document update conflict." } };
  }
  const rev = `0-${Number(known?.rev.slice(2) ?? 0) + 1}`;
  const others = Object.entries(attributes.checkpoints).filter(([id]) => id !== path);
  const checkpoints = Object.fromEntries([...others.slice(1 - checkpointsKept), [path, { rev, body }]]);
  await updateCozySharing(db, sharing.id, {
    attributes_json: JSON.stringify({ ...attributes, checkpoints }),
  });
  return { status: 201, body: { ok: true, id: path, rev } };
}
