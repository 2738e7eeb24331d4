import type { Caller } from "./caller.ts";
import { at, firstObject, isObject, readObject, textAt, textsAt } from "./json.ts";

/** What a server told of itself. */
export interface Discovered {
  /** As it was asked for: the host part of OCM addresses. */
  readonly host: string;
  readonly endPoint: string;
  /** Path of `resourceTypes[0].protocols.webdav`, or of ownCloud's `shareTypes`. */
  readonly webdav: string;
  /** As they were sent. */
  readonly capabilities: readonly string[];
  readonly publicKey: { readonly keyId: string; readonly publicKeyPem: string } | null;
  readonly jwksUri: string;
  readonly tokenEndPoint: string;
  readonly inviteAcceptDialog: string;
}

/**
 * GET of the paths in order, until one tells something usable: a version, an `endPoint`, and a `publicKey` that is an object
 * where there is one (reference/ocm.md 6.2).
 */
export async function discover(
  call: Caller["call"],
  host: string,
  paths: readonly string[],
): Promise<Discovered | null> {
  for (const path of paths) {
    const answer = await call({ method: "GET", url: `https://${host}${path}` });
    const found = answer.kind === "answered" && answer.status === 200 ? read(host, answer.text) : null;
    if (found !== null) return found;
  }
  return null;
}

function read(host: string, text: string): Discovered | null {
  const body = readObject(text);
  const endPoint = textAt(body, "endPoint");
  const hasVersion = textAt(body, "version") !== "" || textAt(body, "apiVersion") !== "";
  const key = at(body, "publicKey");
  if (endPoint === "" || !hasVersion || !(key === undefined || key === null || isObject(key))) return null;
  const type = firstObject(at(body, "resourceTypes")) ?? firstObject(at(body, "shareTypes"));
  const [keyId, publicKeyPem] = [textAt(key, "keyId"), textAt(key, "publicKeyPem")];
  return {
    host,
    endPoint,
    webdav: textAt(type, "protocols", "webdav"),
    capabilities: textsAt(body, "capabilities"),
    publicKey: keyId === "" || publicKeyPem === "" ? null : { keyId, publicKeyPem },
    jwksUri: textAt(body, "jwksUri"),
    tokenEndPoint: textAt(body, "tokenEndPoint"),
    inviteAcceptDialog: textAt(body, "inviteAcceptDialog"),
  };
}
