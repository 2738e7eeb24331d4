import { z } from "zod";
import { addressKey } from "../../domain/address.ts";
import { contactsType, groupsType } from "../../domain/cozy-document.ts";
import { isObject, type JsonObject } from "../../domain/json.ts";
import { limits } from "../../domain/limits.ts";
import { oneLine } from "../../domain/one-line.ts";
import { httpsOrigin } from "../../domain/web-link.ts";
import type { ContactRow, WrittenContact } from "../../store/contacts.ts";
import { JsonApiError } from "../json-api.ts";
import { revisionOf } from "../revision.ts";

/** What CouchDB would call its revision. */
export function contactRevision({ id, revision }: ContactRow): string {
  return revisionOf(revision, id);
}

/** What a contact's document says of him (the cozy-stack sharings document, "recipient"). */
export function contactAttributes(contact: ContactRow): object {
  const { name, address, instance_url: url } = contact;
  const groups = groupsOf(contact).map((id) => ({ _id: id, _type: groupsType }));
  return {
    ...(name === null ? {} : { fullname: name }),
    email: [{ address }],
    cozy: url === null ? [] : [{ url }],
    ...(groups.length === 0 ? {} : { relationships: { groups: { data: groups } } }),
  };
}

const idsSchema = z.array(z.string());

/** Ids of the groups that a contact is in. */
export function groupsOf({ groups_json: text }: Pick<ContactRow, "groups_json">): readonly string[] {
  return idsSchema.parse(JSON.parse(text));
}

const groupsSchema = z.object({
  groups: z.object({
    data: z.array(z.object({ _id: z.string().regex(/^[^\s/]{1,200}$/) })).max(limits.cozyMembers),
  }),
});

/** As cozy-stack keeps them, in the contact's relationships. Throws JsonApiError 422. */
function readGroups(relationships: unknown): readonly string[] {
  if (relationships === undefined) return [];
  const read = groupsSchema.safeParse(relationships);
  if (read.success) return [...new Set(read.data.groups.data.map(({ _id }) => _id))];
  throw new JsonApiError(422, {
    detail: `The groups of a contact are written { "data": [{ "_id": ..., "_type": "${groupsType}" }] }.`,
    field: "relationships.groups",
  });
}

/** The whole document. */
export function contactDocument(contact: ContactRow): object {
  const marks = { _id: contact.id, _rev: contactRevision(contact), _type: contactsType };
  return { ...marks, ...contactAttributes(contact) };
}

/** Reads what an application writes of a contact: always the first address counts. Throws JsonApiError 422. */
export function readContact(accountId: string, body: JsonObject): WrittenContact {
  const address = firstOf(body["email"], "address");
  const key = addressKey(address ?? "");
  if (address === null || key === null) {
    throw new JsonApiError(422, {
      detail: "A contact has the mail address that he is invited by.",
      field: "email.0.address",
    });
  }
  const written = firstOf(body["cozy"], "url");
  const url = written === null ? null : cozyUrl(written);
  const name = typeof body["fullname"] === "string" ? oneLine(body["fullname"], limits.nameChars) : "";
  return {
    account_id: accountId,
    address_key: key,
    address,
    name: name === "" ? null : name,
    instance_url: url,
    groups_json: JSON.stringify(readGroups(body["relationships"])),
  };
}

function cozyUrl(written: string): string {
  const url = httpsOrigin(written);
  if (url !== null) return url;
  throw new JsonApiError(422, {
    detail: "The address of a Cozy is https://host, with :port where it is not 443.",
    field: "cozy.0.url",
  });
}

/** Of `[{ key: text }]`, or of `{ key: text }` as the document writes it once. */
function firstOf(value: unknown, key: string): string | null {
  const first: unknown = Array.isArray(value) ? value[0] : value;
  const text = isObject(first) ? first[key] : null;
  return typeof text === "string" && text !== "" ? text : null;
}
