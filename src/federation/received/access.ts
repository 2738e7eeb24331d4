import { z } from "zod";
import type { Peer } from "../../protocols/ocm/peer.ts";
import type { Ask } from "../../protocols/protocol.ts";
import { openShareSecret } from "../../store/ocm-followed-shares.ts";
import type { ReceivedShareRow } from "../../store/ocm-received-shares.ts";
import type { DavAccess } from "../dav/client.ts";
import type { FederationParts } from "../parts.ts";
import { isTrouble, type Trouble, trouble } from "../trouble.ts";
import type { TokenFor } from "./token.ts";

/** How a share is opened now. */
export interface ShareAccess extends DavAccess {
  readonly kind: "access";
  /** The token that opens it; null where the secret does. */
  readonly token: string | null;
}

/** Another server as its discovery has it, or why there is none. */
export async function peerOf(parts: FederationParts, host: string, ask: Ask): Promise<Peer | Trouble> {
  const found = await parts.peers.discover(host, ask);
  if (found.kind === "peer") return found.peer;
  const { because, detail } = found;
  return found.kind === "no-peer"
    ? trouble("no-peer", { because, detail })
    : trouble("unreachable", { because, detail, retryAfterMs: found.retryAfterMs });
}

/**
 * Where a share that a peer posted lies, and what opens it (reference/ocm.md 4.6): its own address, or the one WebDAV address of
 * the peer; an access token where the peer exchanges, else the secret, as Bearer for `multi` and as login for `webdav`.
 */
export async function accessTo(
  parts: FederationParts,
  tokenFor: TokenFor,
  { row, stale }: { readonly row: ReceivedShareRow; readonly stale: string | null },
  ask: Ask,
): Promise<ShareAccess | Trouble> {
  const peer = await peerOf(parts, row.host, ask);
  if ("kind" in peer) return peer;
  const root = rootOf(row, peer);
  if (!(root instanceof URL)) return root;
  const mustExchange = requirementsOf(row).includes("must-exchange-token");
  if (mustExchange || peer.capabilities.has("exchange-token")) {
    const opener = await tokenFor({ id: row.id, peer, mustExchange, stale }, ask);
    if (isTrouble(opener)) return opener;
    if (opener.kind === "token") {
      return { kind: "access", root, authorization: `Bearer ${opener.token}`, token: opener.token };
    }
  }
  const secret = openShareSecret(parts.sealer, row);
  if (row.form === "webdav") return { kind: "access", root, authorization: basic(secret, ""), token: null };
  // What is no token of RFC 6750 would break out of the field.
  if (!/^[\x21-\x7e]+$/.test(secret)) return trouble("secret-unusable");
  return { kind: "access", root, authorization: `Bearer ${secret}`, token: null };
}

/** Requirements of a share (reference/ocm.md 4.3). */
export function requirementsOf({ requirements_json: json }: ReceivedShareRow): readonly string[] {
  return z.array(z.string()).parse(JSON.parse(json));
}

/** Value of an Authorization field (RFC 7617). */
export function basic(login: string, password: string): string {
  return `Basic ${Buffer.from(`${login}:${password}`, "utf8").toString("base64")}`;
}

/** The address of the share's own, or the peer's one WebDAV address. */
function rootOf({ webdav_uri: uri }: ReceivedShareRow, peer: Peer): URL | Trouble {
  if (uri !== null && /^[a-z][a-z\d+.-]*:/i.test(uri)) return absoluteRoot(uri, peer);
  if (peer.webdavPath === null) return trouble("no-webdav");
  const base = new URL(peer.webdavPath, peer.origin);
  return uri === null ? base : relativeRoot(uri, base);
}

/** No peer has a say on what another server is asked. */
function absoluteRoot(uri: string, { origin }: Peer): URL | Trouble {
  const root = URL.parse(uri);
  const isOfPeer = root?.origin === origin && root.username === "" && root.password === "";
  return isOfPeer && isPlain(root) ? root : trouble("foreign-address");
}

function relativeRoot(uri: string, base: URL): URL | Trouble {
  const root = URL.parse(`${base.href}${uri.replace(/^\/+/, "")}`);
  return root?.href.startsWith(base.href) === true && isPlain(root) ? root : trouble("foreign-address");
}

function isPlain({ search, hash }: URL): boolean {
  return search === "" && hash === "";
}
