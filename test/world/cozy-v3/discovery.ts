import { z } from "zod";
import type { Reply } from "../faulty-answers.ts";
import { callPeer } from "./calls.ts";
import { alreadyAccepted, type Instance, memberNotFound, ownSharing, sharingOf } from "./instance.ts";
import { putRequest } from "./invite.ts";
import { appOrigin, authorizeLink, typedCozy } from "./links.ts";
import { indexOfState, memberAt } from "./members.ts";
import { type Member, ownerOf, type Sharing } from "./model.ts";
import { codeOf, memberWithCode } from "./sharecodes.ts";
import { type CozyRequest, escaped, json, page, readJson, redirect, Refusal } from "./wire.ts";

/** The secret of an invitation as a link or a form brings it. */
interface Secret {
  readonly state: string;
  readonly sharecode: string;
  readonly shortcut: string;
}

interface Invited {
  readonly index: number;
  readonly member: Member;
  readonly state: string;
}

/** GET /sharings/:id/discovery. Where the member's Cozy is known this already sends the request there (reference/cozy.md 7.3). */
export async function showDiscovery(instance: Instance, request: CozyRequest, id: string): Promise<Reply> {
  const sharing = instance.sharings.get(id);
  const secret = secretIn(request.query);
  if (sharing === undefined) return noLongerAvailable(instance);
  if (!sharing.owner) return form(200, secret);
  const invited = invitedBy(instance, sharing, secret);
  if (invited === null || invited.member.status === "revoked") return noLongerAvailable(instance);
  const { member } = invited;
  if (member.status === "ready") return alreadyAcceptedPage(instance, member.instance);
  const isShortcut = secret.shortcut === "true";
  if (member.instance !== "") {
    const isThere =
      member.status === "seen" || (await sendRequest(instance, sharing, invited, member.instance));
    if (isThere) {
      return redirect(302, authorizeLink(member.instance, sharing, invited.state, isShortcut));
    }
  }
  const organization = instance.settings.organizations.get(member.email.split("@")[1] ?? "");
  return organization === undefined ? form(200, secret, member.email) : redirect(302, organization);
}

/** POST /sharings/:id/discovery (reference/cozy.md 7.3). */
export async function takeDiscovery(instance: Instance, request: CozyRequest, id: string): Promise<Reply> {
  const sharing = sharingOf(instance, id);
  const fields = new URLSearchParams(request.body.toString());
  const secret = secretIn(fields);
  const wantsJson = request.accept === "application/json";
  if (request.contentType !== "application/x-www-form-urlencoded") {
    instance.refuse(`POST discovery: the content type is "${request.contentType}"`);
  }
  try {
    const { to, email } = sharing.owner
      ? await discover(instance, sharing, secret, typedIn(fields, instance))
      : await delegate(instance, sharing, secret, typedIn(fields, instance));
    return wantsJson ? json(200, { redirect: to, email }) : redirect(302, to);
  } catch (cause) {
    if (!(cause instanceof Refusal) || cause.status === 404) throw cause;
    instance.refuse(`POST discovery: ${cause.message}`);
    if (wantsJson) return json(400, { error: cause.message });
    if (cause.status === 409) return alreadyAcceptedPage(instance, "");
    return form(cause.status === 412 ? 412 : 400, secret);
  }
}

interface Discovered {
  /** Where the person decides, on the own Cozy. */
  readonly to: string;
  readonly email: string;
}

async function discover(
  instance: Instance,
  sharing: Sharing,
  secret: Secret,
  typed: () => string,
): Promise<Discovered> {
  const invited = invitedBy(instance, sharing, secret);
  if (invited === null || invited.member.status === "revoked") throw memberNotFound();
  const { member } = invited;
  if (member.status === "ready") throw alreadyAccepted();
  const cozy = typed();
  if (!(await sendRequest(instance, sharing, invited, cozy))) {
    throw new Refusal(400, "The sharing request failed");
  }
  member.instance = cozy;
  const to = authorizeLink(cozy, sharing, invited.state, secret.shortcut === "true");
  return { to, email: member.email };
}

/** The request to a Cozy where a person is waiting: never accepted without asking (reference/cozy.md 7.6). */
async function sendRequest(
  instance: Instance,
  sharing: Sharing,
  { index }: Invited,
  cozy: string,
): Promise<boolean> {
  return putRequest(instance, sharing, index, cozy, new URLSearchParams({ interactive: "true" }));
}

const forwarded = z.object({ redirect: z.string(), email: z.string().default("") });

/** In an open sharing the link is on the Cozy of the member that invites; the owner does the work (reference/cozy.md 7.7). */
async function delegate(
  instance: Instance,
  sharing: Sharing,
  { state, shortcut }: Secret,
  typed: () => string,
): Promise<Discovered> {
  const [credentials] = sharing.credentials;
  if (credentials === undefined || state === "") throw memberNotFound();
  const fields = new URLSearchParams({ state, url: typed(), ...(shortcut === "" ? {} : { shortcut }) });
  const answer = await callPeer(instance, sharing, ownerOf(sharing), credentials, {
    method: "POST",
    path: "/discovery",
    accept: "application/json",
    type: "application/x-www-form-urlencoded",
    body: String(fields),
  });
  if (answer.kind === "answered" && answer.status === 404) throw memberNotFound();
  if (answer.kind !== "answered" || answer.status !== 200) {
    throw new Refusal(400, "The sharing request failed");
  }
  const { redirect: to, email } = readJson(answer.text, forwarded);
  return { to, email };
}

const previewQuestion = z.object({ state: z.string() });

/** POST /sharings/:id/preview-url: the preview of who has a state (reference/cozy.md 7.3). */
export function previewUrl(instance: Instance, request: CozyRequest, id: string): Reply {
  const sharing = ownSharing(instance, id);
  const { state } = readJson(request.body, previewQuestion);
  const member = memberAt(sharing, indexOfState(sharing, state));
  if (member.status === "ready") throw alreadyAccepted();
  const code = codeOf(instance, sharing, member);
  if (code === null) throw memberNotFound();
  return json(200, {
    url: `${appOrigin(instance, sharing.app_slug)}${sharing.preview_path}?sharecode=${code}`,
  });
}

function invitedBy(instance: Instance, sharing: Sharing, { state, sharecode }: Secret): Invited | null {
  const byCode = sharecode === "" ? null : memberWithCode(instance, sharing, sharecode);
  const index = byCode === null ? indexOfState(sharing, state) : sharing.members.indexOf(byCode);
  const member = index > 0 ? sharing.members[index] : undefined;
  const own = sharing.credentials[index - 1]?.state ?? "";
  return member === undefined || own === "" ? null : { index, member, state: own };
}

function secretIn(fields: URLSearchParams): Secret {
  const field = (name: string): string => fields.get(name) ?? "";
  return { state: field("state"), sharecode: field("sharecode"), shortcut: field("shortcut") };
}

/** `url`, or `slug` and `domain`, as the form of the page sends them. */
function typedIn(fields: URLSearchParams, { domain }: Instance): () => string {
  const own = domain.split(".").slice(1).join(".");
  const slug = fields.get("slug") ?? "";
  const wanted = fields.get("domain") ?? own;
  const typed = fields.get("url") ?? (slug === "" ? "" : `${slug}.${wanted}`);
  return () => typedCozy(typed, own);
}

function form(status: number, { state, sharecode, shortcut }: Secret, email = ""): Reply {
  const hidden = Object.entries({ state, sharecode, shortcut }).map(
    ([name, value]) => `<input type="hidden" name="${name}" value="${escaped(value)}">`,
  );
  const label = email === "" ? "" : `<p>${escaped(email)}</p>`;
  const fields = '<input name="slug"><input name="domain">';
  return page(status, `<form method="post">${hidden.join("")}${label}${fields}<button>Next</button></form>`);
}

function noLongerAvailable(instance: Instance): Reply {
  instance.refuse("GET discovery: there is no such invitation");
  return page(400, "<p>The sharing is no longer available.</p>");
}

function alreadyAcceptedPage(instance: Instance, cozy: string): Reply {
  instance.refuse("discovery: the member accepted already");
  const button = cozy === "" ? "" : `<a href="${escaped(cozy)}">Open your Cozy</a>`;
  return page(400, `<p>You have already accepted this sharing.</p>${button}`);
}
