import type { Reply } from "../faulty-answers.ts";
import { readObject, textAt } from "../ocm/json.ts";
import { authorizationOf, json, type OcmRequest } from "../ocm/wire.ts";
import { acceptInvite } from "./invites.ts";
import { invalidParameter, notFound, Problem, serverError, unauthenticated } from "./problems.ts";
import type { OpenCloudState, ReceivedShare, User } from "./state.ts";
import { accessTo, lookAt } from "./use-share.ts";

/** The drive of what others share, the same everywhere (reference/ocm.md 5.3). */
export const sharesDrive = "a0ca6a90-a365-4782-871e-d44447bbc668$a0ca6a90-a365-4782-871e-d44447bbc668";

/** Whose app password was sent. */
function userOf({ users }: OpenCloudState, request: OcmRequest): User {
  const given = authorizationOf(request);
  const user = users.find(
    ({ login, appPassword }) =>
      given.kind === "basic" && given.user === login && given.password === appPassword,
  );
  if (user === undefined) throw unauthenticated("invalid credentials");
  return user;
}

export async function takeAcceptInvite(cloud: OpenCloudState, request: OcmRequest): Promise<Reply> {
  const user = userOf(cloud, request);
  const body = readObject(request.body.toString("utf8"));
  return acceptInvite(cloud, user, {
    token: textAt(body, "token"),
    providerDomain: textAt(body, "providerDomain"),
  });
}

/** `GET sharedWithMe`: a remote item is listed only while its sender answers the home's PROPFIND. */
export async function sharedWithMe(cloud: OpenCloudState, request: OcmRequest): Promise<Reply> {
  const user = userOf(cloud, request);
  const mine = cloud.shares.filter((share) => share.user === user);
  const looks = await Promise.all(
    mine.map(async (share) => {
      const answer = await lookAt(cloud, share);
      return answer?.kind === "answered" && answer.status === 207 ? [itemOf(share)] : [];
    }),
  );
  return json(200, { value: looks.flat() });
}

function itemOf({ id, name, isSingleFile, isSynchronized }: ReceivedShare) {
  const facet = isSingleFile ? { file: {} } : { folder: {} };
  return {
    id: `${sharesDrive}!${id}`,
    name,
    ...facet,
    "@client.synchronize": isSynchronized,
    remoteItem: { id, name, ...facet },
  };
}

/** Accepts a remote item: 201 with `@client.synchronize` true. */
export function takeItem(cloud: OpenCloudState, request: OcmRequest, drive: string): Reply {
  const user = userOf(cloud, request);
  const body = readObject(request.body.toString("utf8"));
  const id = textAt(body, "remoteItem", "id");
  const share = cloud.shares.find((each) => each.user === user && each.id === id);
  if (decodeURIComponent(drive) !== sharesDrive || textAt(body, "name") === "" || share === undefined) {
    cloud.refuse("an item is accepted that is not there, without a name, or in another drive");
    throw invalidParameter("there is no such remote item");
  }
  share.isSynchronized = true;
  return json(201, itemOf(share));
}

/** There is no way to decline in February 2025: 400. */
export function refuseItem(cloud: OpenCloudState, request: OcmRequest): Reply {
  userOf(cloud, request);
  return json(400, { error: { code: "invalidRequest", message: "this item cannot be removed" } });
}

/** OCS has no remote shares here. */
export function noRemoteShares(): Reply {
  return json(404, { ocs: { meta: { status: "failure", statuscode: 998 }, data: [] } });
}

/** `/dav/spaces/<id>`: what the sender answers, with the addresses of this server. Only of accepted items. */
export async function serveSpace(
  cloud: OpenCloudState,
  request: OcmRequest,
  space: string,
  below = "",
): Promise<Reply> {
  const user = userOf(cloud, request);
  const id = decodeURIComponent(space);
  const share = cloud.shares.find((each) => each.user === user && each.id === id && each.isSynchronized);
  if (share === undefined) throw notFound("there is no such space");
  if (!["PROPFIND", "GET", "HEAD"].includes(request.method)) {
    cloud.refuse(`${request.method} on a space: only PROPFIND, GET and HEAD are emulated`);
    throw new Problem({ status: 405, headers: [], body: "" }, "not allowed");
  }
  const access = await accessTo(cloud, share);
  if (access === null) throw serverError("the sender cannot be reached");
  const answer = await cloud.call({
    method: request.method,
    url: access.url + below,
    headers: { ...passedOn(request), Authorization: access.authorization },
    ...(request.body.length === 0 ? {} : { body: request.body }),
  });
  if (answer.kind === "unreachable") throw serverError("the sender cannot be reached");
  const there = new URL(access.url).pathname;
  const isMultistatus = answer.status === 207;
  const kept = ["content-type", "content-range", "etag"].flatMap((name) => {
    const value = answer.headers.get(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    status: answer.status,
    headers: kept,
    body: isMultistatus ? answer.text.replaceAll(there, `/dav/spaces/${space}`) : answer.body,
  };
}

function passedOn({ headers }: OcmRequest): Record<string, string> {
  const names = ["depth", "content-type", "range"];
  return Object.fromEntries(
    names.flatMap((name) => (headers.has(name) ? [[name, headers.get(name) ?? ""]] : [])),
  );
}
