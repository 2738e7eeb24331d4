import type { Reply } from "../faulty-answers.ts";
import { callPeer } from "./calls.ts";
import { files, md5, type Revision, type StoredDocument } from "./documents.ts";
import { type Instance, sharingOf } from "./instance.ts";
import { mailChangedFile } from "./mails.ts";
import { newId, ownerOf, type Sharing, xorId } from "./model.ts";
import { sharingClient } from "./oauth.ts";
import { pushChange } from "./replicate.ts";
import { bulk, replicated, revisions } from "./schemas.ts";
import { type CozyRequest, json, nothing, readJson, Refusal } from "./wire.ts";

/** The member that calls, and how its ids become those of this Cozy: by the owner alone (reference/cozy.md 7.1). */
interface Calling {
  readonly sharing: Sharing;
  /** `https://host` of its Cozy. */
  readonly at: string;
  readonly own: (id: string) => string;
}

function calling(instance: Instance, request: CozyRequest, id: string, verb: "GET" | "ALL"): Calling {
  const sharing = sharingOf(instance, id);
  const clientId = sharingClient(instance, request, sharing, verb);
  const index = sharing.credentials.findIndex(({ inbound_client_id: inbound }) => inbound === clientId);
  const key = sharing.owner ? (sharing.credentials[index]?.xor_key ?? []) : [];
  const member = sharing.owner ? sharing.members[index + 1] : ownerOf(sharing);
  return { sharing, at: member?.instance ?? "", own: (each) => xorId(each, key) };
}

/** A revision of the caller with the ids of this Cozy; 400 unless the rules name the document. */
function permitted(instance: Instance, { sharing, own }: Calling, doctype: string, made: Revision): Revision {
  const id = own(made.id);
  const { dir_id } = made.fields;
  const above = typeof dir_id === "string" ? { dir_id: own(dir_id) } : {};
  const fields = { ...made.fields, ...above };
  const judged = made.isDeleted ? (instance.documents.get(doctype, id)?.fields ?? {}) : fields;
  if (isIn(instance, sharing, doctype, id, judged)) return { ...made, id, fields };
  throw new Refusal(400, "The document is not part of the sharing");
}

/** POST /sharings/:id/_revs_diff (reference/cozy.md 7.8). */
export function revsDiff(instance: Instance, request: CozyRequest, id: string): Reply {
  const { own } = calling(instance, request, id, "ALL");
  const asked = Object.entries(readJson(request.body, revisions));
  const lacking = asked.flatMap(([key, revs]) => {
    const [doctype = "", docid = ""] = key.split("/");
    if (docid === "") throw new Refusal(400, "The identifier is missing");
    const missing = instance.documents.missing(doctype, own(docid), revs);
    return missing.length === 0 ? [] : [[key, { missing }]];
  });
  return json(200, Object.fromEntries(lacking));
}

/** POST /sharings/:id/_bulk_docs. */
export function bulkDocs(instance: Instance, request: CozyRequest, id: string): Reply {
  const caller = calling(instance, request, id, "ALL");
  for (const [doctype, whole] of Object.entries(readJson(request.body, bulk))) {
    for (const each of whole)
      take(instance, caller, doctype, permitted(instance, caller, doctype, each), null);
  }
  return json(200, []);
}

/** PUT /sharings/:id/io.cozy.files/:fileid/metadata: 204, or 200 with the key for the content. */
export async function fileMetadata(
  instance: Instance,
  request: CozyRequest,
  id: string,
  fileId: string,
): Promise<Reply> {
  const caller = calling(instance, request, id, "ALL");
  const announced = readJson(request.body, replicated);
  if (announced.id !== fileId) throw new Refusal(400, "The identifier is another than in the path");
  await fetchFolder(instance, caller, announced.fields["dir_id"]);
  const file = permitted(instance, caller, files, announced);
  const known = instance.documents.get(files, file.id)?.content ?? null;
  if (known !== null && md5(known) === file.fields["md5sum"]) {
    take(instance, caller, files, file, null);
    return nothing;
  }
  const key = newId();
  instance.uploads.set(key, { sharingId: id, file });
  return json(200, { key });
}

/** PUT /sharings/:id/io.cozy.files/:key with the content. */
export function fileContent(instance: Instance, request: CozyRequest, id: string, key: string): Reply {
  const caller = calling(instance, request, id, "ALL");
  const upload = instance.uploads.get(key);
  if (upload?.sharingId !== id) throw new Refusal(404, "The metadata of the file was not found");
  const { md5sum } = upload.file.fields;
  if (typeof md5sum === "string" && md5(request.body) !== md5sum) {
    throw new Refusal(400, "The content is another than was announced");
  }
  instance.uploads.delete(key);
  take(instance, caller, files, upload.file, request.body);
  return nothing;
}

/** GET /sharings/:id/io.cozy.files/:id of a directory. */
export function folder(instance: Instance, request: CozyRequest, id: string, folderId: string): Reply {
  const { sharing, own } = calling(instance, request, id, "GET");
  const found = instance.documents.get(files, own(folderId));
  const isShared = found !== null && isIn(instance, sharing, files, found.id, found.fields);
  if (!isShared || found.fields["type"] !== "directory") throw folderNotFound();
  const { rev, history, fields } = found;
  const above = typeof fields["dir_id"] === "string" ? { dir_id: own(fields["dir_id"]) } : {};
  const revs = { _rev: rev, _revisions: { start: history.length, ids: history } };
  return json(200, { ...fields, ...above, _id: folderId, ...revs });
}

/** A file may come before the directory that it lies in, which is fetched then. */
async function fetchFolder(instance: Instance, caller: Calling, directory: unknown): Promise<void> {
  if (typeof directory !== "string" || instance.documents.get(files, caller.own(directory)) !== null) return;
  const { sharing } = caller;
  const member = sharing.members.find(({ instance: at }) => at === caller.at);
  const index = sharing.owner && member !== undefined ? sharing.members.indexOf(member) - 1 : 0;
  const credentials = sharing.credentials[index];
  if (member === undefined || credentials === undefined) throw folderNotFound();
  const answer = await callPeer(instance, sharing, member, credentials, {
    method: "GET",
    path: `/${files}/${encodeURIComponent(directory)}`,
    accept: "application/json",
  });
  if (answer.kind === "unreachable" || answer.status !== 200) throw folderNotFound();
  take(instance, caller, files, permitted(instance, caller, files, readJson(answer.text, replicated)), null);
}

function take(
  instance: Instance,
  caller: Calling,
  doctype: string,
  made: Revision,
  content: Buffer | null,
): void {
  const before = instance.documents.get(doctype, made.id);
  if (instance.documents.missing(doctype, made.id, [made.rev]).length === 0) return;
  const kept = instance.documents.receive(doctype, made, content);
  if (caller.sharing.owner) pushChange(instance, kept, kindOf(before, kept), caller.at);
  if (doctype === files && before === null && !kept.isDeleted) tellOwner(instance, caller.sharing, kept);
}

function kindOf(before: StoredDocument | null, after: StoredDocument): "add" | "update" | "remove" {
  if (after.isDeleted) return "remove";
  return before === null ? "add" : "update";
}

function tellOwner(instance: Instance, sharing: Sharing, { fields }: StoredDocument): void {
  const name = typeof fields["name"] === "string" ? fields["name"] : "";
  mailChangedFile(instance, sharing, name, fields["type"] === "directory");
}

function isIn(
  { documents }: Instance,
  { rules }: Sharing,
  doctype: string,
  id: string,
  fields: Readonly<Record<string, unknown>>,
): boolean {
  return rules.some((rule) => documents.matches(rule, doctype, id, fields));
}

function folderNotFound(): Refusal {
  return new Refusal(404, "The folder was not found");
}
