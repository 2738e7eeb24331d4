import { z } from "zod";
import { contactsType } from "../../domain/cozy-document.ts";
import { opens, type Verb } from "../../domain/cozy-permissions.ts";
import { isObject, type JsonObject } from "../../domain/json.ts";
import { limits } from "../../domain/limits.ts";
import type { PeerOperation, PeerReply, PeerRequest, PeerRoute } from "../../http/peer-route.ts";
import {
  contactByAddress,
  contactById,
  type ContactRow,
  deleteContact,
  insertContact,
  listContacts,
  updateContact,
  type WrittenContact,
} from "../../store/contacts.ts";
import type { Db } from "../../store/store.ts";
import { noteUse, requireAccess, requireApplication } from "../documents/access.ts";
import { JsonApiError, jsonApiRoute } from "../json-api.ts";
import type { ApiParts } from "./actions.ts";
import { followGroups } from "./groups.ts";
import { contactDocument, contactRevision, readContact } from "./contacts.ts";

const base = `/data/${contactsType}`;

/** Contacts, as documents of their type; they are those of `usher contact`. */
export function contactRoutes(parts: ApiParts): readonly PeerRoute[] {
  return [
    jsonApiRoute({ method: "GET", path: `${base}/_all_docs`, operation: listing }, async (request) =>
      list(parts, request),
    ),
    jsonApiRoute({ method: "POST", path: `${base}/`, operation: creating }, async (request) =>
      put(parts, request),
    ),
    jsonApiRoute({ method: "GET", path: `${base}/:id`, operation: reading }, async (request) =>
      read(parts, request),
    ),
    jsonApiRoute({ method: "PUT", path: `${base}/:id`, operation: writing }, async (request) =>
      put(parts, request),
    ),
    jsonApiRoute({ method: "DELETE", path: `${base}/:id`, operation: removing }, async (request) =>
      remove(parts, request),
    ),
  ];
}

/** The contact's id, where the token opens it; null for one that is to be made. Throws JsonApiError. */
async function requireContact(db: Db, request: PeerRequest, verb: Verb): Promise<string | null> {
  const access = requireApplication(await requireAccess(db, request, Date.now()));
  const id = request.params["id"] ?? null;
  if (id !== null && !/^[\w-]{1,64}$/.test(id)) {
    throw new JsonApiError(400, {
      detail: "The id of a contact has letters, digits, dashes and underscores.",
    });
  }
  const facts = { type: contactsType, id: id ?? "", referencedBy: [], folders: [] };
  if (opens(access.rules, verb, facts)) return id;
  throw new JsonApiError(403, { detail: `The token's permissions do not hold ${verb} on this contact.` });
}

async function list({ store: { db } }: Pick<ApiParts, "store">, request: PeerRequest): Promise<PeerReply> {
  await requireContact(db, request, "GET");
  const contacts = await listContacts(db, request.instance.accountId);
  const rows = contacts.slice(0, limits.cozyListedDocuments).map((contact) => ({
    id: contact.id,
    key: contact.id,
    value: { rev: contactRevision(contact) },
    doc: contactDocument(contact),
  }));
  return { status: 200, body: { total_rows: contacts.length, offset: 0, rows } };
}

async function read({ store: { db } }: Pick<ApiParts, "store">, request: PeerRequest): Promise<PeerReply> {
  const id = await requireContact(db, request, "GET");
  return { status: 200, body: contactDocument(await standing(db, request, id)) };
}

async function put(parts: ApiParts, request: PeerRequest): Promise<PeerReply> {
  const given = bodyIn(request);
  const { known, contact } = await parts.store.transaction(async (db) => {
    const id = await requireContact(db, request, request.params["id"] === undefined ? "POST" : "PUT");
    const { accountId } = request.instance;
    const before = id === null ? undefined : await contactById(db, accountId, id);
    requireRevision(before, given["_rev"]);
    const written = readContact(accountId, given);
    await requireFreeAddress(db, written, before);
    await noteUse(db, request, Date.now());
    const kept = before === undefined ? await insertContact(db, id, written) : before.id;
    if (before !== undefined) await updateContact(db, before, written);
    const after = await standing(db, request, kept);
    await followGroups(db, { before: before ?? null, after }, parts);
    return { known: before !== undefined, contact: after };
  });
  const rev = contactRevision(contact);
  const body = { ok: true, id: contact.id, type: contactsType, rev, data: contactDocument(contact) };
  return { status: known ? 200 : 201, body };
}

async function remove(parts: ApiParts, request: PeerRequest): Promise<PeerReply> {
  const id = await parts.store.transaction(async (db) => {
    const contact = await standing(db, request, await requireContact(db, request, "DELETE"));
    requireRevision(contact, request.query.get("rev"));
    await noteUse(db, request, Date.now());
    await followGroups(db, { before: contact, after: null }, parts);
    await deleteContact(db, contact.account_id, contact.address_key);
    return contact.id;
  });
  return { status: 200, body: { ok: true, id, type: contactsType, deleted: true } };
}

async function standing(db: Db, { instance }: PeerRequest, id: string | null): Promise<ContactRow> {
  const contact = id === null ? undefined : await contactById(db, instance.accountId, id);
  if (contact !== undefined) return contact;
  throw new JsonApiError(404, { detail: "There is no such contact." });
}

function requireRevision(contact: ContactRow | undefined, given: unknown): void {
  if (given === undefined || given === null || given === "") return;
  if (contact !== undefined && contactRevision(contact) === given) return;
  const detail = "The contact has another revision by now; read it and try again.";
  throw new JsonApiError(409, { detail, field: "_rev" });
}

/** An address is one contact's: two of them would be invited twice. */
async function requireFreeAddress(
  db: Db,
  written: WrittenContact,
  before: ContactRow | undefined,
): Promise<void> {
  const holder = await contactByAddress(db, written.account_id, written.address_key);
  if (holder === undefined || holder.id === before?.id) return;
  const detail = `Contact ${holder.id} has this address already; change that one.`;
  throw new JsonApiError(409, { detail, field: "email.0.address" });
}

function bodyIn({ body }: PeerRequest): JsonObject {
  if (isObject(body) && !Buffer.isBuffer(body)) return body;
  throw new JsonApiError(400, { detail: "The body has to be a JSON object: the contact." });
}

const tag = "contacts";
const contactBody = z.looseObject({
  _rev: z.string().optional(),
  fullname: z.string().optional(),
  email: z.array(z.object({ address: z.string() })),
  cozy: z.array(z.object({ url: z.string() })).optional(),
  relationships: z.looseObject({}).optional(),
});

const reading: PeerOperation = {
  id: "readContact",
  summary: "A contact",
  tag,
  security: "bearer",
  replies: { 200: { description: "The contact", body: contactBody }, 404: { description: "There is none" } },
};

const listing: PeerOperation = {
  id: "listContacts",
  summary: `Contacts, at most ${limits.cozyListedDocuments}`,
  tag,
  security: "bearer",
  replies: { 200: { description: "As CouchDB lists documents" } },
};

const creating: PeerOperation = {
  id: "createContact",
  summary: "Keep a new contact",
  tag,
  security: "bearer",
  body: contactBody,
  replies: {
    201: { description: "He is kept" },
    409: { description: "Another contact has his address" },
    422: { description: "He has no mail address, or no Cozy is at the address given" },
  },
};

const writing: PeerOperation = {
  ...creating,
  id: "writeContact",
  summary: "Keep a contact under this id",
  replies: { ...creating.replies, 200: { description: "He is changed" } },
};

const removing: PeerOperation = {
  id: "removeContact",
  summary: "Forget a contact",
  tag,
  security: "bearer",
  query: z.object({ rev: z.string().optional() }),
  replies: { 200: { description: "He is forgotten" }, 404: { description: "There is none" } },
};
