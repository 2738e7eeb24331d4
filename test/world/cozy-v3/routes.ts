import type { Reply } from "../faulty-answers.ts";
import { takeAnswer } from "./answer.ts";
import * as apps from "./apps.ts";
import { cancel, loginPage, showConsent, takeConsent } from "./authorize.ts";
import { previewUrl, showDiscovery, takeDiscovery } from "./discovery.ts";
import type { Instance } from "./instance.ts";
import { refreshToken } from "./oauth.ts";
import { receiveRequest } from "./receive-request.ts";
import { takeDelegated, takeMembers } from "./recipients.ts";
import * as replication from "./replication-served.ts";
import { endedByMember, endedByOwner, leave, revokeAll, revokeGroup, revokeMember } from "./revoke.ts";
import { setReadOnly, takeMove, takeRights } from "./rights.ts";
import { permissionsSelf } from "./sharecodes.ts";
import { type CozyRequest, json, nothing, problem, Refusal } from "./wire.ts";

/** Kinds of requests that a fault can be confined to. */
export type Place =
  | "request"
  | "answer"
  | "discovery"
  | "members"
  | "revocation"
  | "replication"
  | "token"
  | "permissions"
  | "page"
  | "app";

/** `id` and `name` stand at the first and the second colon of the path; empty where it has none. */
type Answering = (
  instance: Instance,
  request: CozyRequest,
  id: string,
  name: string,
) => Reply | void | Promise<Reply | void>;
type Route = readonly [method: string, path: string, place: Place, answer: Answering];

const at = "/sharings/:id";
const file = `${at}/io.cozy.files/:file`;

/** For an app that may do everything with the sharing; what gives nothing is answered with 204. */
function byApp(work: (instance: Instance, id: string, index: number) => Promise<void>): Answering {
  return async (instance, request, id, index) => {
    apps.permitApp(instance, request, id);
    if (index !== "" && !/^\d+$/.test(index)) throw new Refusal(422, "The index is no number");
    await work(instance, id, Number(index));
  };
}

const readOnly = (isReadOnly: boolean): Answering =>
  byApp(async (instance, id, index) => setReadOnly(instance, id, index, isReadOnly));

/** Reference/cozy.md, section 7; the first that fits answers. */
const routes: readonly Route[] = [
  ["POST", "/sharings/", "app", apps.create],
  ["GET", "/sharings/news", "app", apps.news],
  ["GET", "/sharings/doctype/:doctype", "app", apps.listByDoctype],
  ["GET", at, "app", apps.show],
  ["PATCH", at, "app", apps.describe],
  ["PUT", at, "request", receiveRequest],
  ["DELETE", at, "revocation", endedByOwner],
  ["PUT", `${at}/metadata`, "app", apps.describe],
  ["POST", `${at}/reupload`, "app", apps.reupload],
  ["DELETE", `${at}/initial`, "app", apps.endInitial],
  ["POST", `${at}/answer`, "answer", takeAnswer],
  ["DELETE", `${at}/answer`, "revocation", endedByMember],
  ["GET", `${at}/discovery`, "discovery", showDiscovery],
  ["POST", `${at}/discovery`, "discovery", takeDiscovery],
  ["POST", `${at}/preview-url`, "discovery", previewUrl],
  ["POST", `${at}/recipients`, "app", apps.add],
  ["PUT", `${at}/recipients`, "members", takeMembers],
  ["DELETE", `${at}/recipients`, "app", byApp(revokeAll)],
  ["POST", `${at}/recipients/delegated`, "members", takeDelegated],
  ["DELETE", `${at}/recipients/self`, "app", byApp(leave)],
  ["POST", `${at}/recipients/self/readonly`, "members", takeRights],
  ["DELETE", `${at}/recipients/self/readonly`, "members", takeRights],
  ["POST", `${at}/recipients/self/moved`, "members", takeMove],
  ["DELETE", `${at}/recipients/:index`, "app", byApp(revokeMember)],
  ["POST", `${at}/recipients/:index/readonly`, "app", readOnly(true)],
  ["DELETE", `${at}/recipients/:index/readonly`, "app", readOnly(false)],
  ["GET", `${at}/recipients/:index/avatar`, "page", apps.avatar],
  ["DELETE", `${at}/groups/:index`, "app", byApp(revokeGroup)],
  ["POST", `${at}/_revs_diff`, "replication", replication.revsDiff],
  ["POST", `${at}/_bulk_docs`, "replication", replication.bulkDocs],
  ["PUT", `${file}/metadata`, "replication", replication.fileMetadata],
  ["PUT", file, "replication", replication.fileContent],
  ["GET", file, "replication", replication.folder],
  ["GET", "/permissions/self", "permissions", permissionsSelf],
  ["POST", "/auth/access_token", "token", refreshToken],
  ["GET", "/auth/login", "page", loginPage],
  ["GET", "/auth/authorize/sharing", "page", showConsent],
  ["POST", "/auth/authorize/sharing", "page", takeConsent],
  ["GET", "/auth/authorize/sharing/:id/cancel", "page", cancel],
];

export function placeOf(request: CozyRequest): Place {
  return find(request)?.route[2] ?? "page";
}

/** Answers a request; every refusal is noted. */
export async function answer(instance: Instance, request: CozyRequest): Promise<Reply> {
  const { movedTo } = instance.settings;
  if (movedTo !== "" && request.path.startsWith("/sharings/")) {
    return json(410, { links: { related: `${movedTo}${request.path}` } });
  }
  const found = find(request);
  try {
    if (found === null) throw notServed(request);
    if (request.isTooLarge) throw new Refusal(413, "The body is too large");
    return (await found.route[3](instance, request, found.names[0] ?? "", found.names[1] ?? "")) ?? nothing;
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    const path = found?.route[1] ?? "a path that is not served";
    instance.refuse(`${request.method} ${path}: ${cause.status} ${cause.message}`);
    return problem(cause);
  }
}

function find({ method, path }: CozyRequest): { readonly route: Route; readonly names: string[] } | null {
  for (const route of routes) {
    const names = route[0] === method ? fit(route[1], path) : null;
    if (names !== null) return { route, names };
  }
  return null;
}

function fit(pattern: string, path: string): string[] | null {
  const [wanted, given] = [pattern.split("/"), path.split("/")];
  const names: string[] = [];
  if (wanted.length !== given.length) return null;
  for (const [index, segment] of wanted.entries()) {
    const value = given[index] ?? "";
    if (segment.startsWith(":") && value !== "") names.push(decodeURIComponent(value));
    else if (segment !== value) return null;
  }
  return names;
}

function notServed({ path }: CozyRequest): Refusal {
  const isKnown = routes.some(([, pattern]) => fit(pattern, path) !== null);
  return isKnown ? new Refusal(405, "The method is not allowed here") : new Refusal(404, "Not found");
}
