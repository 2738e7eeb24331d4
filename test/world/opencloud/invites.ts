import { randomUUID } from "node:crypto";
import type { Reply } from "../faulty-answers.ts";
import { readObject, textAt } from "../ocm/json.ts";
import { json, type OcmRequest, typeOf } from "../ocm/wire.ts";
import { inviteMail } from "./invite-mail.ts";
import { discover, postJson } from "./peers.ts";
import { alreadyExists, forbidden, invalidParameter, notFound, serverError } from "./problems.ts";
import { type Contact, type Invite, type OpenCloudState, type User, userNamed } from "./state.ts";

export interface NewInvite {
  readonly token: string;
  /** As the mail names it: with its scheme, but of reva. */
  readonly providerDomain: string;
  /** At the mesh directory; null without one, and of reva always. */
  readonly link: string | null;
}

/** What `POST /sciencemesh/generate-invite` does: a token of 24 hours, mailed where there is a recipient. */
export async function createInvite(
  cloud: OpenCloudState,
  login: string,
  recipient: string | null,
): Promise<NewInvite> {
  const invite: Invite = { token: randomUUID(), user: userNamed(cloud, login), isExpired: false };
  cloud.invites.push(invite);
  const link = linkOf(cloud, invite);
  if (recipient !== null) {
    const letter = inviteMail(cloud, { invite, recipient, link });
    await cloud.send(letter);
    cloud.letters.push(letter);
  }
  return { token: invite.token, providerDomain: providerDomainOf(cloud), link };
}

function providerDomainOf({ conduct, host, origin }: OpenCloudState): string {
  return conduct.family === "reva" ? host : origin;
}

function linkOf({ conduct, host, meshDirectory }: OpenCloudState, { token }: Invite): string | null {
  if (meshDirectory === null || conduct.family === "reva") return null;
  return `${meshDirectory}?${String(new URLSearchParams({ token, providerDomain: host }))}`;
}

const required = ["recipientProvider", "token", "userID", "email", "name"];

/** `POST /ocm/invite-accepted`: missing field 400, untrusted provider 403, unknown token 404, repeat 200 (reference/ocm.md 4.2). */
export function takeAcceptance(cloud: OpenCloudState, request: OcmRequest): Reply {
  if (typeOf(request) !== "application/json") cloud.refuse("an acceptance that is not sent as JSON");
  const body = readObject(request.body.toString("utf8"));
  const missing = required.find((name) => textAt(body, name) === "");
  if (missing !== undefined) throw invalidParameter(`missing ${missing}`);
  const provider = textAt(body, "recipientProvider");
  if (!cloud.providers.has(provider)) throw forbidden("provider not trusted");
  const invite = cloud.invites.find(({ token }) => token === textAt(body, "token"));
  if (invite === undefined) throw notFound("token not found");
  if (invite.isExpired) throw invalidParameter("token has expired");
  addContact(cloud, {
    login: invite.user.login,
    userId: textAt(body, "userID"),
    provider,
    name: textAt(body, "name"),
    email: textAt(body, "email"),
  });
  const { userId, mail, displayName } = invite.user;
  return json(200, { userID: userId, email: mail, name: displayName });
}

function addContact({ contacts }: OpenCloudState, contact: Contact): void {
  if (!contacts.some((each) => isSamePerson(each, contact))) contacts.push(contact);
}

function isSamePerson(one: Contact, other: Contact): boolean {
  return one.login === other.login && one.userId === other.userId && one.provider === other.provider;
}

/**
 * `POST /sciencemesh/accept-invite` of a user: the provider is told, and becomes a contact (reference/ocm.md 5.1). 200
 * without a body, 409 ALREADY_EXIST, 400, 500 for a host that is not in the providers file.
 */
export async function acceptInvite(
  cloud: OpenCloudState,
  user: User,
  { token, providerDomain }: { readonly token: string; readonly providerDomain: string },
): Promise<Reply> {
  if (token === "" || providerDomain === "") throw invalidParameter("token and providerDomain are needed");
  const provider = providerDomain.replace(/^https:\/\//, "").replace(/\/+$/, "");
  if (!cloud.providers.has(provider)) throw serverError("the provider is not known");
  const discovered = await discover(cloud, provider);
  if (discovered === null) throw serverError("the provider does not answer");
  const answer = await postJson(cloud, `${discovered.endPoint}/invite-accepted`, {
    recipientProvider: cloud.host,
    token,
    userID: user.userId,
    email: user.mail,
    name: user.displayName,
  });
  if (answer.kind === "unreachable") throw serverError("the provider does not answer");
  if (answer.status === 409) throw alreadyExists("the invite was accepted already");
  if (answer.status !== 200) throw invalidParameter("the provider refuses the token");
  const told = readObject(answer.text);
  const contact: Contact = {
    login: user.login,
    userId: textAt(told, "userID"),
    provider,
    name: textAt(told, "name"),
    email: textAt(told, "email"),
  };
  if (contact.userId === "") cloud.refuse("the answer to invite-accepted has no userID");
  if (cloud.contacts.some((each) => isSamePerson(each, contact))) throw alreadyExists("is a contact already");
  addContact(cloud, contact);
  return { status: 200, headers: [], body: "" };
}
