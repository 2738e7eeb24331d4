import { isObject, type JsonObject } from "../../domain/json.ts";
import { limits } from "../../domain/limits.ts";
import { oneLine } from "../../domain/one-line.ts";
import { listIn, objectIn, textIn, textsIn } from "./fields.ts";
import type { Capability, Peer, ShareForm } from "./peer.ts";

export type ReadDiscovery =
  | { readonly kind: "peer"; readonly peer: Peer }
  /** `because` is kebab-case; `detail` a sentence for a person. */
  | { readonly kind: "no-peer"; readonly because: string; readonly detail: string };

/**
 * Reads what a server says of itself, of either generation (reference/ocm.md 4.1). `host` is `host[:port]` as it was asked;
 * `body` is parsed JSON. An address that lies at another authority makes the whole of it worthless: no server needs that, and
 * whoever may name foreign addresses could have secrets sent there.
 */
export function readDiscovery(host: string, body: unknown): ReadDiscovery {
  if (!isObject(body))
    return refuse("no-discovery", `${host} does not answer as a server of Open Cloud Mesh.`);
  if (body["enabled"] === false)
    return refuse("disabled", `${host} says that Open Cloud Mesh is switched off there.`);
  const origin = `https://${host}`;
  const addresses = readAddresses(origin, body);
  const [foreign] = addresses.foreign;
  if (foreign !== undefined) {
    return refuse(
      "foreign-authority",
      `The ${foreign} that ${host} names is no https address of its own; nothing is sent there.`,
    );
  }
  const { endPoint } = addresses;
  if (endPoint === null) return refuse("no-end-point", `${host} names no address for requests (endPoint).`);
  const capabilities = new Set(textsIn(body["capabilities"]).map((name) => renamed(name, capabilityNames)));
  const apiVersion = textIn(body, "apiVersion") ?? textIn(body, "version");
  const types = resourceTypesIn(body);
  const webdavPath =
    addresses.webdav === null ? null : `${new URL(addresses.webdav).pathname.replace(/\/+$/, "")}/`;
  const provider = textIn(body, "provider");
  const peer = {
    host,
    origin,
    endPoint: endPoint.replace(/\/+$/, ""),
    apiVersion,
    provider: provider === null ? null : oneLine(provider, limits.nameChars),
    capabilities,
    criteria: new Set(textsIn(body["criteria"]).map((name) => renamed(name, criteriaNames))),
    resourceTypes: types.flatMap((type) => textIn(type, "name") ?? []),
    webdavPath,
    inviteAcceptDialog: addresses.inviteAcceptDialog,
    tokenEndPoint: addresses.tokenEndPoint,
    jwksUri: addresses.jwksUri,
    publicKey: readPublicKey(body),
  };
  return { kind: "peer", peer: { ...peer, form: formOf(peer) } };
}

function refuse(because: string, detail: string): ReadDiscovery {
  return { kind: "no-peer", because, detail };
}

interface Addresses {
  readonly endPoint: string | null;
  readonly tokenEndPoint: string | null;
  readonly jwksUri: string | null;
  readonly inviteAcceptDialog: string | null;
  readonly webdav: string | null;
  /** Fields whose address is not of this origin. */
  readonly foreign: readonly string[];
}

function readAddresses(origin: string, body: JsonObject): Addresses {
  const foreign: string[] = [];
  // Only the dialog and WebDAV may be paths (reference/ocm.md 4.1).
  return {
    endPoint: own("endPoint", body["endPoint"], null),
    tokenEndPoint: own("tokenEndPoint", body["tokenEndPoint"], null),
    jwksUri: own("jwksUri", body["jwksUri"], null),
    inviteAcceptDialog: own("inviteAcceptDialog", body["inviteAcceptDialog"], `${origin}/`),
    webdav: own("webdav", webdavIn(body), `${origin}/`),
    foreign,
  };

  function own(field: string, value: unknown, base: string | null): string | null {
    if (value === undefined || value === null || value === "") return null;
    const address = ownAddress(value, origin, base);
    if (address === null) foreign.push(field);
    return address;
  }
}

/** Null where it is no https address of this origin. */
function ownAddress(value: unknown, origin: string, base: string | null): string | null {
  if (typeof value !== "string" || value.length > limits.urlChars || /[\s\\#]/.test(value)) return null;
  const url = base === null ? URL.parse(value) : URL.parse(value, base);
  const isOwn = url?.origin === origin && url.username === "" && url.password === "";
  return isOwn ? url.href : null;
}

/** Also under ownCloud's `shareTypes`, and Seafile's one type without a list around it. */
function resourceTypesIn(body: JsonObject): readonly JsonObject[] {
  const types = body["resourceTypes"] ?? body["shareTypes"];
  if (isObject(types) && ("name" in types || "protocols" in types)) return [types];
  return listIn(types).filter(isObject);
}

/** Of the type `file` where it has one, else of the first that has. */
function webdavIn(body: JsonObject): unknown {
  const types = resourceTypesIn(body);
  const files = types.filter((type) => type["name"] === "file");
  const paths = [...files, ...types].map((type) => objectIn(type, "protocols")?.["webdav"]);
  return paths.find((path) => typeof path === "string" && path !== "");
}

const capabilityNames: Readonly<Record<string, Capability>> = {
  "invite-accepted": "invites",
  "mfa-capable": "enforce-mfa",
};

const criteriaNames: Readonly<Record<string, string>> = {
  "http-request-signatures": "must-use-http-sig",
  "token-exchange": "must-exchange-token",
};

/** Under its newest name (reference/ocm.md 4.1). */
function renamed(name: string, names: Readonly<Record<string, string>>): string {
  const plain = name.replace(/^\/+/, "").toLowerCase();
  return Object.hasOwn(names, plain) ? (names[plain] ?? plain) : plain;
}

/** A bare PEM, as ocm-stub serves it, names no key id: nothing could be verified by it. */
function readPublicKey(body: JsonObject): Peer["publicKey"] {
  const key = objectIn(body, "publicKey");
  if (key === null) return null;
  const keyId = textIn(key, "keyId", limits.keyIdChars) ?? textIn(key, "id", limits.keyIdChars);
  const pem = textIn(key, "publicKeyPem", limits.keyChars);
  return keyId === null || pem === null || !pem.includes("-----BEGIN PUBLIC KEY-----")
    ? null
    : { keyId, pem };
}

/**
 * Which body it most likely understands (reference/ocm.md 6.1). The reva family does not always say `protocol-object`, but
 * serves WebDAV at `/dav/ocm/`.
 */
function formOf({ capabilities, apiVersion, webdavPath }: Omit<Peer, "form">): ShareForm {
  if (capabilities.has("protocol-object")) return "multi";
  const isLegacy = apiVersion === null || apiVersion.startsWith("1.0");
  return !isLegacy && webdavPath?.startsWith("/dav/ocm/") === true ? "multi" : "webdav";
}
