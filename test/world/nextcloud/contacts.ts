import type { Reply } from "../faulty-answers.ts";
import { statusOf } from "../ocm/caller.ts";
import { readObject, textAt } from "../ocm/json.ts";
import { loggedIn } from "../ocm/login.ts";
import { type OcmUser, readAddress } from "../ocm/users.ts";
import { json, type OcmRequest } from "../ocm/wire.ts";
import type { Contact, NextcloudState } from "./state.ts";

export type AcceptOutcome =
  | { readonly kind: "accepted"; readonly contact: Contact }
  /** `status` is that of the inviter's server, null where it was not asked or did not answer. */
  | { readonly kind: "failed"; readonly status: number | null };

/** What the contacts app does when its user accepts: an unsigned post (reference/ocm.md 4.2, NCC). */
export async function acceptInvite(
  state: NextcloudState,
  user: OcmUser,
  token: string,
  provider: string,
): Promise<AcceptOutcome> {
  const peer = await state.discover(provider);
  const isTaking = peer?.capabilities.some((name) => name === "invites" || name === "/invite-accepted");
  if (peer === null || isTaking !== true) return { kind: "failed", status: null };
  const { uid, mail, displayName } = user;
  const fields = {
    recipientProvider: state.host,
    token,
    userID: uid,
    email: mail ?? "",
    name: displayName,
  };
  const isForm = state.settings.inviteForm === "form";
  const answer = await state.call({
    method: "POST",
    url: `${peer.endPoint}/invite-accepted`,
    headers: { "Content-Type": isForm ? "application/x-www-form-urlencoded" : "application/json" },
    body: isForm ? String(new URLSearchParams(fields)) : JSON.stringify(fields),
  });
  const told = answer.kind === "answered" && answer.status === 200 ? readObject(answer.text) : null;
  const [userId, email, name] = [textAt(told, "userID"), textAt(told, "email"), textAt(told, "name")];
  if (userId === "" || email === "" || name === "") return { kind: "failed", status: statusOf(answer) };
  const contact = { of: uid, address: `${userId}@${provider}`, email, name };
  state.contacts.push(contact);
  return { kind: "accepted", contact };
}

export interface ReadInvite {
  readonly token: string;
  /** Host of who invites. */
  readonly provider: string;
}

/** An invite link, an invite string, or `token@host` (reference/ocm.md 3.2); null for anything else. */
export function readInvite(text: string): ReadInvite | null {
  if (URL.canParse(text)) {
    const { searchParams: query, host } = new URL(text);
    const [token, provider] = [query.get("token") ?? "", query.get("providerDomain") ?? host];
    return token === "" ? null : { token, provider: provider.replace(/^https?:\/\//, "") };
  }
  const code = text.includes("@") ? text : Buffer.from(text, "base64").toString("utf8");
  const address = readAddress(code);
  return address === null ? null : { token: address.user, provider: address.host };
}

/** PATCH of the route by which a user's client accepts (reference/ocm.md 5.1; read, not observed). */
export async function takeAccept(state: NextcloudState, request: OcmRequest, token: string): Promise<Reply> {
  if (!state.settings.contactsApp) return json(404, "");
  const user = loggedIn(state, request);
  if (user === null) return json(401, { message: "Current user is not logged in" });
  const provider = request.query.get("provider") ?? "";
  if (provider === "") {
    state.refuse("PATCH to accept an invitation without a provider");
    return json(400, { message: "The provider is missing" });
  }
  const outcome = await acceptInvite(state, user, token, provider);
  if (outcome.kind === "accepted") return json(200, { contact: outcome.contact.address });
  return json(outcome.status === 409 ? 409 : 400, { message: "The invitation could not be accepted" });
}

/** Where the page "where are you from" sends a visitor whose home server is `home`; null where that takes no invitations. */
export async function wayfTarget(state: NextcloudState, token: string, home: string): Promise<string | null> {
  const found = await state.discover(home);
  if (found === null || found.inviteAcceptDialog === "") return null;
  const url = new URL(found.inviteAcceptDialog, `https://${home}`);
  url.searchParams.set("token", token);
  url.searchParams.set("providerDomain", state.host);
  return url.href;
}
