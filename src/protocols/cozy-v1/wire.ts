import { z } from "zod";
import { limits } from "../../domain/limits.ts";

// Links and bodies of cozy-stack before March 2018 (reference/cozy.md, sections 3.2, 3.3, 5 and 6).

/** As Go's url.Values writes a query: keys in alphabetical order, spaces as `+`. */
function goQuery(fields: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(fields).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return new URLSearchParams(sorted).toString().replaceAll("*", "%2A").replaceAll("%7E", "~");
}

/** What a request link tells the Cozy that it leads to. */
export interface RequestLink {
  /** `https://host[:port]` of the Cozy that it leads to. */
  readonly at: string;
  readonly appSlug: string;
  /** The sharer's OAuth client there. */
  readonly clientId: string;
  readonly redirectUri: string;
  readonly scope: string;
  readonly sharingType: string;
  /** The sharing_id: a secret. */
  readonly state: string;
}

/** The link to answer at, on the recipient's own Cozy (3.2). A secret. */
export function requestLink(link: RequestLink): string {
  const query = goQuery({
    App_slug: link.appSlug,
    client_id: link.clientId,
    redirect_uri: link.redirectUri,
    response_type: "code",
    scope: link.scope,
    sharing_type: link.sharingType,
    state: link.state,
  });
  return `${link.at}/sharings/request?${query}`;
}

/** Where a recipient tells which Cozy is his, on the sharer's Cozy (3.2). A secret. */
export function discoveryLink(
  sharerUrl: string,
  of: { readonly address: string; readonly recipientId: string; readonly sharingId: string },
): string {
  const { address, recipientId, sharingId } = of;
  const query = goQuery({ recipient_email: address, recipient_id: recipientId, sharing_id: sharingId });
  return `${sharerUrl}/sharings/discovery?${query}`;
}

/** The same in the rework of late 2017 (3.3). A secret. */
export function sharecodeLink(sharerUrl: string, documentId: string, sharecode: string): string {
  return `${sharerUrl}/sharings/${documentId}/discovery?${goQuery({ sharecode })}`;
}

/** Where the browser of a recipient goes after the discovery of the rework (6). A secret. */
export function authorizeLink(link: Omit<RequestLink, "sharingType">): string {
  const query = goQuery({
    App_slug: link.appSlug,
    client_id: link.clientId,
    redirect_uri: link.redirectUri,
    response_type: "cozy_sharing",
    scope: link.scope,
    state: link.state,
  });
  return `${link.at}/auth/authorize?${query}`;
}

/** A recipient's answer, from a query, a form or a JSON body. */
export interface WireAnswer {
  /** v1a: the sharing_id; v1b: the sharecode. Empty where it is missing. */
  readonly state: string;
  readonly clientId: string;
  /** Null: refused. */
  readonly accessCode: string | null;
}

/** Reads an answer; a repeated key counts once. */
export function readAnswer(query: URLSearchParams, body: unknown): WireAnswer {
  const fields = answerFields.safeParse(body).data ?? {};
  const read = (key: keyof typeof fields): string => {
    const value = query.get(key) ?? fields[key] ?? "";
    return value.length > limits.scopeChars ? "" : value;
  };
  const code = read("access_code");
  return { state: read("state"), clientId: read("client_id"), accessCode: code === "" ? null : code };
}

const answerFields = z.object({
  state: z.string().optional(),
  client_id: z.string().optional(),
  access_code: z.string().optional(),
});

/** What both sides of a master-master sharing tell each other outside of the browser (POST /sharings/access/...). */
export interface WireAccess {
  /** The sharing_id. */
  readonly state: string;
  /** The sharer's client at the recipient. */
  readonly clientId: string;
  /** The recipient's client at the sharer. */
  readonly hostClientId: string;
  readonly code: string;
}

const accessText = z.string().max(limits.scopeChars).nullish();
const access = z.object({
  state: accessText,
  client_id: accessText,
  host_client_id: accessText,
  code: accessText,
});

/** What is missing is empty; null for what is no object. */
export function readAccess(body: unknown): WireAccess | null {
  const { data } = access.safeParse(body);
  if (data === undefined) return null;
  return {
    state: data.state ?? "",
    clientId: data.client_id ?? "",
    hostClientId: data.host_client_id ?? "",
    code: data.code ?? "",
  };
}

export function writeAccess({ state, clientId, hostClientId, code }: WireAccess) {
  return { state, client_id: clientId, host_client_id: hostClientId, code };
}

/** A sharing of the rework as the recipient is to keep it (6). `sharer` holds secrets in two-way sharings. */
export interface SharingForRecipient {
  readonly id: string;
  readonly sharingType: string;
  readonly description: string | null;
  readonly appSlug: string | null;
  readonly previewPath: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly sharer: object;
  readonly contact: { readonly name: string; readonly address: string };
}

export function writeSharing(sharing: SharingForRecipient) {
  const { description, previewPath, contact } = sharing;
  return {
    _id: sharing.id,
    ...(description === null ? {} : { description }),
    sharing_type: sharing.sharingType,
    app_slug: sharing.appSlug ?? "",
    ...(previewPath === null ? {} : { preview_path: previewPath }),
    created_at: new Date(sharing.createdAt).toISOString(),
    updated_at: new Date(sharing.updatedAt).toISOString(),
    owner: false,
    sharer: sharing.sharer,
    share_contact: { name: contact.name, email: contact.address },
  };
}

const keptFile = z.object({
  data: z.object({
    meta: z.object({ rev: z.string() }),
    attributes: z.record(z.string(), z.unknown()).default({}),
  }),
});
const keptDocument = z.record(z.string(), z.unknown());

/** What a Cozy keeps: a document of CouchDB, or a file or folder as JSON:API; null where it is neither. */
export function readKept(
  body: unknown,
): { readonly revision: string; readonly body: Readonly<Record<string, unknown>> } | null {
  const file = keptFile.safeParse(body).data?.data;
  if (file !== undefined) return { revision: file.meta.rev, body: file.attributes };
  const document = keptDocument.safeParse(body).data ?? {};
  const { _rev: revision } = document;
  return typeof revision === "string" ? { revision, body: document } : null;
}
