import { isObject, type JsonObject } from "../../domain/json.ts";
import { limits } from "../../domain/limits.ts";
import { objectIn, textIn, textsIn } from "./fields.ts";
import type { OcmPermission, ShareForm } from "./peer.ts";
import { readPermissions } from "./permissions.ts";

/** A share as another server offers it; texts are a stranger's, and as they came. */
export interface OfferedShare {
  /** OCM addresses, not read yet. */
  readonly shareWith: string;
  readonly owner: string;
  readonly sender: string;
  readonly ownerName: string | null;
  readonly senderName: string | null;
  readonly name: string;
  readonly providerId: string;
  readonly resourceType: "file" | "folder";
  /** Milliseconds since 1970. */
  readonly expiresAt: number | null;
  readonly form: ShareForm;
  /** Relative or absolute; null for the peer's one WebDAV address. */
  readonly webdavUri: string | null;
  /** Secret: opens the resource, or is exchanged for what does. */
  readonly secret: string;
  readonly permissions: readonly OcmPermission[];
  /** `must-exchange-token` or nothing: a share with any other requirement is not taken. */
  readonly requirements: readonly Requirement[];
}

export type Requirement = "must-exchange-token";

/** What is wrong in which field (reference/ocm.md 4.2, error body). */
export interface ValidationError {
  readonly name: string;
  readonly message: "REQUIRED" | "INVALID" | "NOT_FOUND";
}

export type ReadShare =
  | { readonly kind: "share"; readonly share: OfferedShare }
  | { readonly kind: "invalid"; readonly errors: readonly ValidationError[] }
  /** Nothing is wrong with it, and Usher cannot take it. `detail` is a sentence. */
  | { readonly kind: "unsupported"; readonly because: string; readonly detail: string };

/**
 * Reads the body of a share request in every form that servers send (reference/ocm.md 4.3, 6.2, 6.3): `webdav` with `options`,
 * `multi` with a `webdav` object, both together, and the `code` of OCM 1.2. Where `sender` is missing, `sharedBy` or the owner
 * is meant.
 */
export function readShare(body: unknown): ReadShare {
  if (!isObject(body)) return invalid([{ name: "body", message: "INVALID" }]);
  const required = requiredIn(body);
  const protocol = objectIn(body, "protocol");
  if (required === null || protocol === null) return invalid(missingIn(body));
  const otherType = otherTypeIn(body);
  if (otherType !== null) return otherType;
  const access = readAccess(body, protocol);
  if (access.kind !== "access") return access;
  const { owner } = required;
  return {
    kind: "share",
    share: {
      ...required,
      sender: textIn(body, "sender") ?? textIn(body, "sharedBy") ?? owner,
      ownerName: textIn(body, "ownerDisplayName"),
      senderName: textIn(body, "senderDisplayName") ?? textIn(body, "sharedByDisplayName"),
      resourceType: body["resourceType"] === "folder" ? "folder" : "file",
      expiresAt: expirationIn(body),
      ...access.access,
    },
  };
}

function invalid(errors: readonly ValidationError[]): ReadShare & { readonly kind: "invalid" } {
  return { kind: "invalid", errors };
}

type Access = Pick<OfferedShare, "form" | "webdavUri" | "secret" | "permissions" | "requirements">;

const requiredTexts = ["shareWith", "name", "providerId", "owner"] as const;

function requiredIn(body: JsonObject): Pick<OfferedShare, (typeof requiredTexts)[number]> | null {
  const [shareWith, name, providerId, owner] = requiredTexts.map((key) => textIn(body, key));
  if (shareWith == null || name == null || providerId == null || owner == null) return null;
  return { shareWith, name, providerId, owner };
}

function missingIn(body: JsonObject): readonly ValidationError[] {
  const wrong = requiredTexts.filter((key) => textIn(body, key) === null);
  const names = objectIn(body, "protocol") === null ? [...wrong, "protocol"] : wrong;
  return names.map((name) => ({ name, message: body[name] === undefined ? "REQUIRED" : "INVALID" }));
}

/** Nextcloud calls folders files, and leaves nothing out; who leaves a type out means the ordinary one. */
function otherTypeIn(body: JsonObject): (ReadShare & { readonly kind: "unsupported" }) | null {
  const shareType = body["shareType"] ?? "user";
  if (shareType !== "user") {
    return unsupported("share-type", "Only shares with single users (shareType user) are taken here.");
  }
  const resourceType = body["resourceType"] ?? "file";
  if (resourceType !== "file" && resourceType !== "folder") {
    return unsupported("resource-type", "Only files and folders are taken here.");
  }
  return null;
}

function unsupported(because: string, detail: string): ReadShare & { readonly kind: "unsupported" } {
  return { kind: "unsupported", because, detail };
}

function readAccess(
  body: JsonObject,
  protocol: JsonObject,
): { readonly kind: "access"; readonly access: Access } | Exclude<ReadShare, { kind: "share" }> {
  const [options, webdav] = [objectIn(protocol, "options"), objectIn(protocol, "webdav")];
  if (protocol["name"] !== "webdav" && webdav === null) {
    return unsupported("protocol", "Only WebDAV is spoken here: protocol webdav, or multi with webdav.");
  }
  if (isOnlyTransferred(webdav)) {
    return unsupported("protocol", "Only shares that are opened where they lie are taken here.");
  }
  const opener = openerIn(body, protocol);
  if (opener === null) return invalid([{ name: "protocol.sharedSecret", message: "REQUIRED" }]);
  const required = requirementsIn(webdav, opener.isCode);
  if (required.some((each) => each !== "must-exchange-token")) {
    return unsupported("requirement", "The share makes a requirement that is not met here.");
  }
  const permissions = permissionsIn(webdav, options);
  if (permissions.length === 0) {
    return unsupported("not-readable", "A share that cannot be read is not taken here.");
  }
  const { form, secret } = opener;
  const requirements = required.length === 0 ? [] : (["must-exchange-token"] as const);
  return { kind: "access", access: { form, webdavUri: uriIn(webdav), secret, permissions, requirements } };
}

/** Access types that leave out `remote` mean a share that is copied by machines alone (reference/ocm.md 4.3). */
function isOnlyTransferred(webdav: JsonObject | null): boolean {
  const accessTypes = textsIn(webdav?.["accessTypes"]);
  return accessTypes.length > 0 && !accessTypes.includes("remote");
}

interface Opener {
  readonly secret: string;
  readonly form: ShareForm;
  /** Of OCM 1.2: opens nothing until it is exchanged. */
  readonly isCode: boolean;
}

/** Options count for the protocol `webdav` alone: the reva family sends them empty, and Nextcloud's Basic needs them. */
function openerIn(body: JsonObject, protocol: JsonObject): Opener | null {
  const inOptions =
    protocol["name"] === "webdav" ? textIn(objectIn(protocol, "options"), "sharedSecret") : null;
  if (inOptions !== null) return { secret: inOptions, form: "webdav", isCode: false };
  const inWebdav = textIn(objectIn(protocol, "webdav"), "sharedSecret");
  if (inWebdav !== null) return { secret: inWebdav, form: "multi", isCode: false };
  const code = textIn(body, "code");
  return code === null ? null : { secret: code, form: "multi", isCode: true };
}

/** OpenCloud of early 2025 and ocm-stub call it otherwise (reference/ocm.md 6.3). */
function uriIn(webdav: JsonObject | null): string | null {
  const names = ["uri", "url", "URI"].map((key) => textIn(webdav, key, limits.urlChars));
  return names.find((uri) => uri !== null) ?? null;
}

/** What is no list of texts is a requirement that nobody understands. */
function requirementsIn(webdav: JsonObject | null, isCode: boolean): readonly string[] {
  const value = webdav?.["requirements"] ?? [];
  const texts = textsIn(value);
  const isRead = Array.isArray(value) && value.length === texts.length;
  return [...texts, ...(isRead ? [] : ["unreadable"]), ...(isCode ? ["must-exchange-token"] : [])];
}

/** Those of the `webdav` object, which says them in words, before the options, which often point elsewhere. */
function permissionsIn(webdav: JsonObject | null, options: JsonObject | null): readonly OcmPermission[] {
  return readPermissions(webdav?.["permissions"] ?? options?.["permissions"]);
}

/** Seconds since 1970; what is none, or lies beyond all calendars, is no expiry. */
function expirationIn(body: JsonObject): number | null {
  const seconds = Number(body["expiration"] ?? Number.NaN);
  const isTime = Number.isFinite(seconds) && seconds > 0 && seconds < 8.64e12;
  return isTime ? Math.floor(seconds * 1000) : null;
}
