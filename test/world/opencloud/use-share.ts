import type { Answered } from "../ocm/caller.ts";
import { readObject, textAt } from "../ocm/json.ts";
import { basic } from "../ocm/wire.ts";
import { discover, postJson, resourceTypeIn } from "./peers.ts";
import { hostIn, type OpenCloudState, type ReceivedShare } from "./state.ts";

/** Where and with what a received share is opened. */
export interface Access {
  readonly url: string;
  readonly authorization: string;
}

/** Null where it cannot be found out: the sender is away, advertises no path, or gives no token. */
export async function accessTo(cloud: OpenCloudState, share: ReceivedShare): Promise<Access | null> {
  const url = await urlOf(cloud, share);
  if (url === null) return null;
  if (share.isLegacy) return { url, authorization: basic(share.secret, "") };
  const mustExchange = share.requirements.includes("must-exchange-token");
  const token = mustExchange ? await exchangedToken(cloud, share) : share.secret;
  // Of a single file, it appends the name (reference/ocm.md 4.6).
  const file = share.isSingleFile ? `/${encodeURIComponent(share.name)}` : "";
  return token === null ? null : { url: url + file, authorization: `Bearer ${token}` };
}

async function urlOf(cloud: OpenCloudState, share: ReceivedShare): Promise<string | null> {
  const { webdav, sender, isSingleFile, isLegacy } = share;
  if (webdav.includes("://") && !isLegacy) return webdav.replace(/\/+$/, "");
  const discovered = await discover(cloud, hostIn(sender));
  if (discovered === null) return null;
  const type =
    resourceTypeIn(discovered, isSingleFile ? "file" : "folder") ?? resourceTypeIn(discovered, "file");
  const path = textAt(type, "protocols", "webdav").replace(/\/+$/, "");
  if (path === "") return null;
  const base = `https://${hostIn(sender)}${path}`;
  return isLegacy ? base : `${base}/${webdav}`;
}

async function exchangedToken(
  cloud: OpenCloudState,
  { secret: code, sender }: ReceivedShare,
): Promise<string | null> {
  const discovered = await discover(cloud, hostIn(sender));
  const endPoint = textAt(discovered?.whole, "tokenEndPoint");
  if (endPoint === "") return null;
  const answer = await askForToken(cloud, endPoint, code);
  const token = answer.kind === "answered" && answer.status === 200 ? readObject(answer.text) : null;
  return textAt(token, "access_token") || null;
}

async function askForToken(cloud: OpenCloudState, url: string, code: string): Promise<Answered> {
  const fields = { client_id: cloud.host, code };
  if (cloud.conduct.tokenForm === "ocm_share") {
    return postJson(cloud, url, { grant_type: "ocm_share", ...fields });
  }
  return cloud.call({
    method: "POST",
    url,
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: String(new URLSearchParams({ grant_type: "authorization_code", ...fields })),
  });
}

const allprop = '<?xml version="1.0" encoding="utf-8"?><propfind xmlns="DAV:"><allprop/></propfind>';

/** The PROPFIND at the sender; null where nobody was asked. */
export async function lookAt(cloud: OpenCloudState, share: ReceivedShare): Promise<Answered | null> {
  const access = await accessTo(cloud, share);
  if (access === null) return null;
  return cloud.call({
    method: "PROPFIND",
    url: access.url,
    headers: { Authorization: access.authorization, Depth: "1", "Content-Type": "application/xml" },
    body: allprop,
  });
}
