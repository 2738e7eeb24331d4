import { randomUUID } from "node:crypto";
import type { Reply } from "../faulty-answers.ts";
import { at, type JsonObject, readObject, textAt, textsAt } from "../ocm/json.ts";
import { json, type OcmRequest, typeOf } from "../ocm/wire.ts";
import { discover, resourceTypeIn } from "./peers.ts";
import { forbidden, invalidParameter, unauthenticated } from "./problems.ts";
import { addressOf, hostIn, type OpenCloudState, type ReceivedShare, type User } from "./state.ts";

const required = ["shareWith", "name", "providerId", "owner", "sender", "shareType", "resourceType"];

/** `POST /ocm/shares`: 200 `{}` of OpenCloud, 201 of the others (reference/ocm.md 6.3). */
export async function takeShare(cloud: OpenCloudState, request: OcmRequest): Promise<Reply> {
  if (typeOf(request) !== "application/json") cloud.refuse("a share that is not sent as JSON");
  const body = readObject(request.body.toString("utf8"));
  if (body === null) throw invalidParameter("body is not JSON");
  const missing = required.find((name) => textAt(body, name) === "");
  if (missing !== undefined) throw invalidParameter(`missing ${missing}`);
  const hasOptions = Object.keys(at(body, "protocol", "options") ?? {}).length > 0;
  const takesOptions = cloud.conduct.family === "reva";
  if (hasOptions && !takesOptions) throw invalidParameter("protocol options not supported");
  for (const name of ["owner", "sender"]) {
    if (!cloud.providers.has(hostIn(textAt(body, name)))) throw unauthenticated(`${name} is not trusted`);
  }
  const user = recipientOf(cloud, textAt(body, "shareWith"));
  demandInvite(cloud, user, textAt(body, "sender"));
  if (cloud.conduct.family === "reva") await checkAsReva(cloud, body);
  const share = shareOf(cloud, user, body);
  cloud.shares = cloud.shares.filter((each) => !isSame(each, share));
  cloud.shares.push(share);
  return cloud.conduct.family === "opencloud"
    ? json(200, {})
    : json(201, cloud.conduct.family === "ocis" ? {} : { recipientDisplayName: user.displayName });
}

function isSame(one: ReceivedShare, other: ReceivedShare): boolean {
  return one.providerId === other.providerId && hostIn(one.sender) === hostIn(other.sender);
}

function recipientOf(cloud: OpenCloudState, shareWith: string): User {
  const user = cloud.users.find((each) =>
    [`${each.userId}@${cloud.host}`, addressOf(cloud, each)].includes(shareWith),
  );
  if (user === undefined) throw invalidParameter("shareWith names no user here");
  return user;
}

/** oCIS refuses strangers, and so does reva by its criterion must-invite; OpenCloud of 2025 takes shares from them. */
function demandInvite({ conduct, contacts }: OpenCloudState, user: User, sender: string): void {
  if (conduct.family === "opencloud") return;
  const isKnown = contacts.some(
    ({ login, userId, provider }) =>
      login === user.login && [userId, `${userId}@${provider}`].includes(sender),
  );
  if (isKnown) return;
  if (conduct.family === "ocis") throw unauthenticated("no accepted invite for this sender");
  throw forbidden("this provider must be invited");
}

const knownPermissions = new Set(["read", "write", "share"]);
const knownRequirements = new Set(["must-use-mfa", "must-exchange-token"]);

/** Reva discovers the sender, wants the type of resource advertised, and knows all permissions and requirements. */
async function checkAsReva(cloud: OpenCloudState, body: JsonObject): Promise<void> {
  const webdav = at(body, "protocol", "webdav");
  const permissions = textsAt(webdav, "permissions");
  const requirements = textsAt(webdav, "requirements");
  if (!permissions.every((each) => knownPermissions.has(each))) throw invalidParameter("unknown permission");
  if (!requirements.every((each) => knownRequirements.has(each)))
    throw invalidParameter("unknown requirement");
  const sender = await discover(cloud, hostIn(textAt(body, "sender")));
  if (sender === null) throw invalidParameter("the sender cannot be discovered");
  if (resourceTypeIn(sender, textAt(body, "resourceType")) === null) {
    throw invalidParameter("the sender does not advertise this type of resource");
  }
}

function shareOf(cloud: OpenCloudState, user: User, body: JsonObject): ReceivedShare {
  const { family, readsWebdav } = cloud.conduct;
  const webdav = textAt(body, "protocol", "webdav", readsWebdav);
  const secret =
    textAt(body, "protocol", "webdav", "sharedSecret") || textAt(body, "protocol", "options", "sharedSecret");
  const isLegacy = family === "reva" && textAt(body, "protocol", "name") === "webdav";
  if (secret === "" || (webdav === "" && !isLegacy)) {
    cloud.refuse(`a share without protocol.webdav.${secret === "" ? "sharedSecret" : readsWebdav}`);
    throw invalidParameter("the resource cannot be reached");
  }
  if (family === "reva" && !isLegacy && !isUri(webdav)) throw invalidParameter("the uri is not valid");
  return {
    id: randomUUID(),
    user,
    name: textAt(body, "name"),
    providerId: textAt(body, "providerId"),
    shareWith: textAt(body, "shareWith"),
    sender: textAt(body, "sender"),
    isSingleFile: textAt(body, "resourceType") === "file",
    secret,
    webdav,
    isLegacy,
    requirements: textsAt(body, "protocol", "webdav", "requirements"),
    isSynchronized: false,
  };
}

/** Absolute by https, or a path of plain names. */
function isUri(text: string): boolean {
  if (text.includes("://")) return URL.canParse(text) && new URL(text).protocol === "https:";
  return !/[\s\\]/.test(text) && !text.split("/").includes("..");
}
