import { isDoctype } from "../../domain/cozy-permissions.ts";
import { isObject, type JsonObject } from "../../domain/json.ts";
import { limits } from "../../domain/limits.ts";
import { oneLine } from "../../domain/one-line.ts";
import { httpsOrigin } from "../../domain/web-link.ts";

// Bodies of Cozy's platform 2 (reference/cozy.md 4), and of the Cozy-sharing (v2) document; README.md says where they differ.

/** One shared document. Types are compared without regard to case. */
export interface WireRule {
  readonly id: string;
  readonly docType: string;
}

/** A sharer's request. Anybody can have written it. */
export interface ShareRequest {
  /** Login of the sharer at the recipient; a secret. */
  readonly shareId: string;
  /** `https://host[:port]`; answers go there and nowhere else. */
  readonly sharerUrl: string;
  readonly sharerName: string | null;
  /** As the sharer wrote it: he finds the recipient by it. Null where the request names none. */
  readonly recipientUrl: string | null;
  /** A secret. */
  readonly preToken: string;
  readonly rules: readonly WireRule[];
  readonly desc: string;
  /** Null where the request does not tell. */
  readonly continuous: boolean | null;
}

/** What both servers of platform 2 take for empty (reference/cozy.md 4.1): booleans and numbers never are. */
export function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/** Reads a request in either wording; `ownUrl` is the recipient's instance. Null where it is none, or holds more than is taken. */
export function readShareRequest(body: unknown, ownUrl: string): ShareRequest | null {
  if (!isObject(body)) return null;
  const [secrets, addresses] = [secretsIn(body), addressesIn(body)];
  const [rules, desc] = [readRules(body["rules"]), textIn(body["desc"])];
  if (secrets === null || addresses === null || rules === null || desc === null) return null;
  if (addresses.sharerUrl === ownUrl) return null;
  const continuous = typeof body["continuous"] === "boolean" ? body["continuous"] : null;
  return { ...secrets, ...addresses, sharerName: textIn(body["sharerName"]), rules, desc, continuous };
}

/** `shareID` and `preToken`, or `id` and what stands in `target`. A login has no colon (RFC 7617). */
function secretsIn(body: JsonObject): Pick<ShareRequest, "shareId" | "preToken"> | null {
  const target = isObject(body["target"]) ? body["target"] : {};
  const shareId = secretIn(body["shareID"] ?? body["id"]);
  const preToken = secretIn(body["preToken"] ?? target["preToken"]);
  return shareId === null || preToken === null || shareId.includes(":") ? null : { shareId, preToken };
}

/** Both addresses; in the document's wording the only one is the sharer's. */
function addressesIn(body: JsonObject): Pick<ShareRequest, "sharerUrl" | "recipientUrl"> | null {
  const target = isObject(body["target"]) ? body["target"] : {};
  const isFlat = !isEmpty(body["sharerUrl"]);
  const sharerUrl = httpsOrigin(textIn(isFlat ? body["sharerUrl"] : target["recipientUrl"]) ?? "");
  const recipientUrl = isFlat ? textIn(body["recipientUrl"]) : null;
  return sharerUrl === null || (isFlat && recipientUrl === null) ? null : { sharerUrl, recipientUrl };
}

/** Rules of a sharing, ids as text; null where they are none. */
export function readRules(value: unknown): readonly WireRule[] | null {
  if (!Array.isArray(value) || value.length === 0 || value.length > limits.permissionValues) return null;
  const rules = value.map(readRule);
  return rules.includes(null) ? null : rules.filter((rule) => rule !== null);
}

function readRule(value: unknown): WireRule | null {
  if (!isObject(value)) return null;
  const id = typeof value["id"] === "number" ? String(value["id"]) : value["id"];
  const { docType } = value;
  if (typeof id !== "string" || !isDocumentId(id)) return null;
  return typeof docType === "string" && isDoctype(docType) ? { id, docType } : null;
}

/** CouchDB's own documents begin with an underscore. */
function isDocumentId(text: string): boolean {
  return /^[^\s_\p{Cc}/][^\s\p{Cc}/]{0,199}$/u.test(text);
}

/** A text that is shown; null where it is none. */
function textIn(value: unknown): string | null {
  if (typeof value !== "string" || value.length > limits.cozyTextChars) return null;
  const text = oneLine(value, limits.cozyTextChars);
  return text === "" ? null : text;
}

/** What stands in a header field as it is. */
function secretIn(value: unknown): string | null {
  return typeof value === "string" && /^[\x21-\x7e]{1,200}$/.test(value) ? value : null;
}

/** What a request is made of. */
export interface ShareRequestContent extends Pick<ShareRequest, "shareId" | "preToken" | "rules"> {
  /** The sharer's instance, `https://host[:port]`. */
  readonly ownUrl: string;
  readonly sharerName: string;
  readonly recipientUrl: string;
  readonly desc: string | null;
  readonly continuous: boolean;
}

/** A request in both wordings at once: each side finds the names that it knows. */
export function writeShareRequest(content: ShareRequestContent): JsonObject {
  const { shareId, preToken, rules, ownUrl, sharerName, recipientUrl, desc, continuous } = content;
  return {
    shareID: shareId,
    sharerUrl: `${ownUrl}/`,
    sharerName,
    recipientUrl,
    preToken,
    rules,
    desc: desc ?? typesIn(rules),
    id: shareId,
    continuous,
    target: { recipientUrl: ownUrl.replace("https://", ""), preToken },
  };
}

/** Recipients refuse a request without description: its types stand for it. */
function typesIn(rules: readonly WireRule[]): string {
  return [...new Set(rules.map(({ docType }) => docType))].join(", ").slice(0, limits.cozyTextChars);
}

/** A recipient's answer. */
export interface ShareAnswer {
  readonly recipientUrl: string;
  readonly accepted: boolean;
  /** With it the sharer opens what the rules name; null where it was refused. A secret. */
  readonly token: string | null;
}

/** Reads an answer; null where it is none: a refusal needs no token, an acceptance does. */
export function readShareAnswer(body: unknown): ShareAnswer | null {
  if (!isObject(body)) return null;
  const recipientUrl = textIn(body["recipientUrl"]);
  const { accepted } = body;
  if (recipientUrl === null || typeof accepted !== "boolean") return null;
  if (!accepted) return { recipientUrl, accepted, token: null };
  const token = secretIn(body["token"]);
  return token === null ? null : { recipientUrl, accepted, token };
}

export function writeShareAnswer({
  sharerUrl,
  recipientUrl,
  accepted,
  token,
}: ShareAnswer & { readonly sharerUrl: string }): JsonObject {
  const answer = { sharerUrl: `${sharerUrl}/`, recipientUrl, accepted };
  return token === null ? answer : { ...answer, token };
}

/** What comes with an end, for people. */
export function writeEnd(recipientUrl: string, desc: string): JsonObject {
  return { recipientUrl, desc };
}

export interface Credentials {
  readonly login: string;
  readonly password: string;
}

/** RFC 7617; null where the field is another one, or holds more than is taken. */
export function readBasic(field: string | undefined): Credentials | null {
  const encoded = /^basic +([A-Za-z0-9+/=]{1,2048})$/i.exec(field ?? "")?.[1];
  if (encoded === undefined) return null;
  const text = Buffer.from(encoded, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 1 ? null : { login: text.slice(0, colon), password: text.slice(colon + 1) };
}

export function writeBasic({ login, password }: Credentials): string {
  return `Basic ${Buffer.from(`${login}:${password}`).toString("base64")}`;
}
