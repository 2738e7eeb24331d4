import type { DiscoveryProblem } from "../../http/peer-pages.ts";
import type { PeerReply, PeerRequest } from "../../http/peer-route.ts";
import { cozyMembersOf, cozySharingByShareId } from "../../store/cozy-sharings.ts";
import { explain } from "../explain.ts";
import { fieldsOf } from "../form-fields.ts";
import type { InstanceParts } from "../parts.ts";
import { clientOf } from "./credentials.ts";
import { unknownAnswer } from "./sharer-answer.ts";
import { discover, showForm } from "./sharer-discover.ts";
import { recipientIdOf } from "./sharer-invite.ts";
import { type Place, requestLinkOf } from "./sharer-members.ts";

/**
 * GET /sharings/discovery (reference/cozy.md 5.5): the form for somebody whose Cozy is not known. Unlike the original, it
 * registers nowhere: who has told already goes on to his request link.
 */
export async function showDiscovery(parts: InstanceParts, request: PeerRequest): Promise<PeerReply> {
  const { query, instance } = request;
  const place = await invited(parts, request, query);
  const address = query.get("recipient_email") ?? "";
  if (place === null || address === "") return wrongLink(parts, request);
  const client = clientOf(parts.sealer, place.member);
  if (client !== null) return redirect(requestLinkOf(place, client, instance.url, parts.sealer));
  return showForm(parts, request, place, { hidden: hiddenOf(query), typed: null, problem: null });
}

/** POST /sharings/discovery: he told. 302 to his request link, for programs too. Throws JsonApiError 404 for unknown ids. */
export async function takeDiscovery(parts: InstanceParts, request: PeerRequest): Promise<PeerReply> {
  const fields = fieldsOf(request);
  const place = await invited(parts, request, fields);
  if (place === null) throw unknownAnswer(request);
  const typed = fields.get("url") ?? "";
  const found = await discover(parts, request, place, typed);
  if (found.kind === "registered") {
    return redirect(requestLinkOf(found.place, found.client, request.instance.url, parts.sealer));
  }
  if (request.headers["accept"] === "application/json") {
    const error = found.kind === "closed" ? "The sharing waits for no answer." : problems[found.problem];
    return { status: 400, body: { error } };
  }
  if (found.kind === "closed") return explain(parts, request, { status: 400, what: "wrong-link" });
  return showForm(parts, request, place, { hidden: hiddenOf(fields), typed, problem: found.problem });
}

const problems: Readonly<Record<DiscoveryProblem, string>> = {
  "not-an-address": "This is not the address of a Cozy.",
  "mail-address": "This is a mail address, not the address of a Cozy.",
  "not-reached": "No Cozy answers at this address.",
  "own-cozy": "This is the Cozy of the person who shares.",
};

function hiddenOf(fields: URLSearchParams): Readonly<Record<string, string>> {
  const keys = ["sharing_id", "recipient_id", "recipient_email"];
  return Object.fromEntries(keys.map((key) => [key, fields.get(key) ?? ""]));
}

/** The member that a link is of; null for a wrong one, and for who cannot answer any more. */
async function invited(
  { store: { db } }: InstanceParts,
  { instance }: PeerRequest,
  fields: URLSearchParams,
): Promise<Place | null> {
  const sharingId = fields.get("sharing_id") ?? "";
  const recipientId = fields.get("recipient_id") ?? "";
  if (sharingId === "" || recipientId === "") return null;
  const sharing = await cozySharingByShareId(db, instance.accountId, "v1a", sharingId);
  if (sharing?.is_owner !== 1 || sharing.revoked_at !== null) return null;
  const members = await cozyMembersOf(db, sharing.id);
  const member = members.find((each) => recipientIdOf(each) === recipientId && each.status !== "revoked");
  return member === undefined ? null : { sharing, member };
}

async function wrongLink(parts: InstanceParts, request: PeerRequest): Promise<PeerReply> {
  const tooMany = request.countWrongSecret() !== null;
  return explain(parts, request, { status: tooMany ? 429 : 400, what: "wrong-link" });
}

function redirect(location: string): PeerReply {
  return { status: 302, headers: { location } };
}
