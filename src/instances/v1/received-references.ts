import { filesType } from "../../domain/cozy-document.ts";
import { isObject } from "../../domain/json.ts";
import { limits } from "../../domain/limits.ts";
import type { PeerReply, PeerRequest } from "../../http/peer-route.ts";
import { bodyOf, noteUse, openDocument, requireAccess } from "../documents/access.ts";
import { keyOf, write } from "../documents/routes.ts";
import { JsonApiError } from "../json-api.ts";
import { type Reference, readReferences } from "./received-files.ts";
import type { TransportParts } from "./received-documents.ts";

type Change = (known: readonly Reference[], named: readonly Reference[]) => readonly Reference[];

/** POST /files/:id/relationships/referenced_by (reference/cozy.md 5.7). */
export async function addReferences(parts: TransportParts, request: PeerRequest): Promise<PeerReply> {
  return change(parts, request, (known, named) => [...known.filter((one) => !holds(named, one)), ...named]);
}

/** DELETE /sharings/files/:id/referenced_by. Who sent them, `Sharer`, makes no difference here: the file stays. */
export async function removeReferences(parts: TransportParts, request: PeerRequest): Promise<PeerReply> {
  return change(parts, request, (known, named) => known.filter((one) => !holds(named, one)));
}

function holds(list: readonly Reference[], { type, id }: Reference): boolean {
  return list.some((one) => one.type === type && one.id === id);
}

async function change(
  { store, queue }: TransportParts,
  request: PeerRequest,
  changed: Change,
): Promise<PeerReply> {
  const key = keyOf({ ...request, params: { ...request.params, doctype: filesType } });
  await store.transaction(async (db) => {
    const access = await requireAccess(db, request, Date.now());
    const row = await openDocument(db, access, { key, verb: "PATCH" });
    if (row === undefined) throw new JsonApiError(404, { detail: "There is no such file." });
    const named = namedIn(request);
    await noteUse(db, request, Date.now());
    const known = bodyOf(row);
    const references = changed(readReferences(known["referenced_by"]) ?? [], named).slice(
      0,
      limits.permissionValues,
    );
    const after = { ...known, referenced_by: references };
    await write(db, { key, access, queue }, { body: after, content: "keep", isDeleted: false });
  });
  return { status: 204 };
}

function namedIn({ body }: PeerRequest): readonly Reference[] {
  const named = readReferences(isObject(body) ? body["data"] : body);
  if (named !== null) return named;
  throw new JsonApiError(400, { detail: "The body is { data: [{ type, id }] }.", field: "data" });
}
