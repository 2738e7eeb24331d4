import { limits } from "../../domain/limits.ts";
import { readSharecode } from "../../domain/sharecode.ts";
import { readTypedCozy } from "../../domain/typed-cozy.ts";
import type { DiscoveryProblem } from "../../http/peer-pages.ts";
import type { PeerReply, PeerRequest } from "../../http/peer-route.ts";
import { updateCozyMember } from "../../store/cozy-sharings.ts";
import type { DailyCounts } from "../daily-counts.ts";
import { discoveryForm } from "../discovery-form.ts";
import { explain } from "../explain.ts";
import { fieldsOf } from "../form-fields.ts";
import { JsonApiError } from "../json-api.ts";
import { moveMember } from "../members.ts";
import type { InstanceParts } from "../parts.ts";
import { putRequest } from "./owner-request.ts";
import {
  asItStands,
  memberByCode,
  memberByState,
  type Place,
  readOwned,
  stateOf,
  unknownMember,
} from "./owner-rows.ts";
import { answerStateOf } from "./owner-secrets.ts";

/**
 * GET /sharings/:id/discovery: the form for whoever has the link. It changes nothing: also where a member's Cozy is known
 * already, only the form that is sent asks there (reference/cozy.md 7.3 has the GET itself do so).
 */
export async function showDiscovery(parts: InstanceParts, request: PeerRequest): Promise<PeerReply> {
  const place = await invitedBy(parts, request, request.query);
  if (place === null) {
    const tooMany = request.countWrongSecret() !== null;
    return explain(parts, request, { status: tooMany ? 429 : 400, what: "wrong-link" });
  }
  if (place.member.status === "ready") return alreadyAccepted(parts, request);
  return showForm(parts, request, place, { fields: request.query, problem: null });
}

/** POST of that form, or of a program that wants JSON: the request is brought to the Cozy that was named (7.3). */
export async function takeDiscovery(
  parts: InstanceParts,
  request: PeerRequest,
  counts: DailyCounts,
): Promise<PeerReply> {
  const fields = fieldsOf(request);
  const wantsJson = request.headers["accept"] === "application/json";
  const place = await invitedBy(parts, request, fields);
  if (place === null) throw unknownMember(request);
  const waitMs = counts.take(place.member.id, limits.cozyDiscoveriesPerDay, Date.now());
  if (waitMs !== null) throw tooOften(waitMs);
  const found = await discover(parts, request, place, fields);
  if (found.kind === "asked") {
    return wantsJson
      ? { status: 200, body: { redirect: found.redirect, email: place.member.address ?? "" } }
      : { status: 302, headers: { location: found.redirect } };
  }
  if (found.kind === "accepted") {
    return wantsJson ? failed("The sharing was accepted already") : alreadyAccepted(parts, request);
  }
  const { problem } = found;
  return wantsJson ? failed(problems[problem]) : showForm(parts, request, place, { fields, problem });
}

function tooOften(waitMs: number): JsonApiError {
  const detail = "This invitation was opened too often today; wait as long as Retry-After says.";
  return new JsonApiError(429, { detail }, { "retry-after": String(Math.ceil(waitMs / 1000)) });
}

function failed(error: string): PeerReply {
  return { status: 400, body: { error } };
}

const problems: Readonly<Record<DiscoveryProblem, string>> = {
  "not-an-address": "The Cozy URL is invalid",
  "mail-address": "The Cozy URL is invalid: this is a mail address",
  "not-reached": "The sharing request failed",
  "own-cozy": "The Cozy URL is invalid: this is the Cozy of the person who shares",
};

/** The member that a link is of, by state or sharecode; null for a wrong one, and for who was revoked. */
export async function invitedBy(
  { store: { db }, sealer }: Pick<InstanceParts, "store" | "sealer">,
  { instance: { accountId }, params }: PeerRequest,
  fields: URLSearchParams,
): Promise<Place | null> {
  const sharing = await readOwned(db, accountId, params["id"] ?? "");
  if (sharing === null) return null;
  const code = readSharecode(fields.get("sharecode") ?? "");
  if (code !== null) {
    const place = await memberByCode(db, accountId, code.code, sealer);
    return place?.sharing.id === sharing.id ? place : null;
  }
  const member = await memberByState(db, sharing, fields.get("state") ?? "");
  return member === undefined ? null : asItStands(db, { member });
}

type Discovered =
  /** The request lies at his Cozy, where he goes on. */
  | { readonly kind: "asked"; readonly redirect: string }
  | { readonly kind: "accepted" }
  | { readonly kind: "wrong"; readonly problem: DiscoveryProblem };

async function discover(
  parts: InstanceParts,
  { instance, signal }: PeerRequest,
  place: Place,
  fields: URLSearchParams,
): Promise<Discovered> {
  const { sharing, member } = place;
  const state = stateOf(parts.sealer, member);
  if (member.status === "ready" || state === null) return { kind: "accepted" };
  const read = readTypedCozy(typedIn(fields), parentOf(instance.host));
  if (read.kind !== "cozy") return { kind: "wrong", problem: read.kind };
  const { url: at } = read;
  if (at === instance.url) return { kind: "wrong", problem: "own-cozy" };
  // A person waits there: it is not to be accepted unasked (7.6).
  const query = new URLSearchParams({ interactive: "true" });
  const failure = await putRequest(
    parts,
    { sharing, member, ownUrl: instance.url, at, state, query },
    signal,
  );
  if (failure !== null) {
    parts.tell("member-not-told", { member: member.id, step: "discovery", reason: failure.reason });
    return { kind: "wrong", problem: "not-reached" };
  }
  if (!(await keepFound(parts, place, at))) return { kind: "accepted" };
  const isShortcut = fields.get("shortcut") === "true";
  return {
    kind: "asked",
    redirect: authorizeLink(at, sharing.document_id, answerStateOf(state, at), isShortcut),
  };
}

/** The address as one field, or as name and domain, as the form of a Cozy sends it. */
function typedIn(fields: URLSearchParams): string {
  const [url, slug, domain] = [fields.get("url"), fields.get("slug") ?? "", fields.get("domain") ?? ""];
  return url ?? (slug === "" || domain === "" ? slug : `${slug}.${domain}`);
}

/** What is put behind a bare name: Cozys of one hoster lie beside each other. */
function parentOf(host: string): string {
  return host.slice(host.indexOf(".") + 1);
}

function authorizeLink(at: string, sharingId: string, state: string, isShortcut: boolean): string {
  const query = new URLSearchParams({
    sharing_id: sharingId,
    state,
    ...(isShortcut ? { shortcut: "true" } : {}),
  });
  return `${at}/auth/authorize/sharing?${query.toString()}`;
}

/** Keeps where a member is; until somebody has accepted, who told last counts. False where somebody has. */
async function keepFound(parts: InstanceParts, { member }: Place, at: string): Promise<boolean> {
  const { id } = member;
  return parts.store.transaction(async (db) => {
    const now = await asItStands(db, { member });
    if (now === null || now.member.status === "ready") return false;
    await updateCozyMember(db, id, { instance_url: at });
    // Who has looked at the preview stays `seen`.
    const status = now.member.status === "mail-not-sent" ? "pending" : now.member.status;
    await moveMember(db, now, { status, event: "invited-again", reason: null }, parts);
    return true;
  });
}

async function alreadyAccepted(parts: InstanceParts, request: PeerRequest): Promise<PeerReply> {
  return explain(parts, request, { status: 400, what: "already-accepted" });
}

async function showForm(
  parts: InstanceParts,
  request: PeerRequest,
  { sharing, member }: Place,
  { fields, problem }: { readonly fields: URLSearchParams; readonly problem: DiscoveryProblem | null },
): Promise<PeerReply> {
  const keys = ["state", "sharecode", "shortcut"] as const;
  const hidden = keys.flatMap((key) => (fields.has(key) ? [[key, fields.get(key) ?? ""] as const] : []));
  return discoveryForm(parts, request, {
    status: problem === null ? 200 : problem === "mail-address" ? 412 : 400,
    page: {
      sharerName: request.instance.accountName,
      description: sharing.description,
      url: problem === null ? (member.instance_url ?? "") : typedIn(fields),
      problem,
      hidden: Object.fromEntries(hidden),
    },
  });
}
