import { randomUUID } from "node:crypto";
import type { Reply } from "../faulty-answers.ts";
import { type JsonObject, textAt } from "../ocm/json.ts";
import { userNamed } from "../ocm/shares.ts";
import { fieldsIn, json, type OcmRequest, page } from "../ocm/wire.ts";
import type { Invite, Invitee, NextcloudState } from "./state.ts";

/** POST /invite-accepted (reference/ocm.md 4.2): by the core of 32, by the contacts app on the master line, else nobody. */
export function takeInviteAccepted(state: NextcloudState, request: OcmRequest): Reply {
  if (state.generation === 34 && !state.settings.contactsApp) return noListener;
  const fields = fieldsIn(request);
  if (fields === null) {
    state.refuse("POST invite-accepted with a body that is neither JSON nor a form");
    return json(400, { message: "Invalid or non existing token", error: true });
  }
  return state.generation === 32 ? takenByCore(state, fields) : takenByContacts(state, fields);
}

/** POST /ocm/… that no app listens to, on the master line. */
export const noListener: Reply = json(404, "");

/** Arguments that are missing are an error inside the server: `userId` above all. */
function takenByCore(state: NextcloudState, fields: JsonObject): Reply {
  const names = ["recipientProvider", "token", "userId", "email", "name"];
  const absent = names.filter((name) => textAt(fields, name) === "");
  if (absent.length > 0) {
    const isUserId = absent.length === 1 && absent[0] === "userId";
    if (!isUserId) state.refuse(`POST invite-accepted without ${absent.join(", ")}`);
    return page(500, "<p>Internal Server Error</p>");
  }
  const invite = inviteOf(state, fields);
  const inviter = invite === null ? null : userNamed(state, invite.by);
  if (invite === null || inviter?.mail === null) return refusedByCore(400, "Invalid or non existing token");
  if (invite.accepted !== null) return refusedByCore(409, "Invite already accepted");
  if (invite.expiresAt <= state.now()) return refusedByCore(400, "Invitation expired");
  return taken(state, invite, inviteeOf(fields, "userId"));
}

function refusedByCore(status: number, message: string): Reply {
  return json(status, { message, error: true });
}

/** Fields that are empty are 400, those that are missing 404, as are unknown tokens (read, not observed). */
function takenByContacts(state: NextcloudState, fields: JsonObject): Reply {
  const names = ["recipientProvider", "token", "userID", "email", "name"];
  if (names.some((name) => fields[name] === undefined)) return refusedByContacts(404, "A field is missing");
  if (names.some((name) => textAt(fields, name) === "")) return refusedByContacts(400, "A field is empty");
  const invite = inviteOf(state, fields);
  if (invite === null) return refusedByContacts(404, "There is no such invitation");
  if (invite.accepted !== null) return refusedByContacts(409, "The invitation is accepted already");
  if (invite.expiresAt <= state.now()) return refusedByContacts(400, "The invitation is expired");
  const invitee = inviteeOf(fields, "userID");
  const { userId, provider, email, name } = invitee;
  state.contacts.push({ of: invite.by, address: `${userId}@${provider}`, email, name });
  return taken(state, invite, invitee);
}

function refusedByContacts(status: number, message: string): Reply {
  return json(status, { message });
}

function inviteOf({ invites }: NextcloudState, fields: JsonObject): Invite | null {
  return invites.find(({ token }) => token === textAt(fields, "token")) ?? null;
}

function inviteeOf(fields: JsonObject, userId: "userId" | "userID"): Invitee {
  return {
    provider: textAt(fields, "recipientProvider"),
    userId: textAt(fields, userId),
    email: textAt(fields, "email"),
    name: textAt(fields, "name"),
  };
}

function taken(state: NextcloudState, invite: Invite, invitee: Invitee): Reply {
  invite.accepted = invitee;
  const { uid, mail, displayName } = userNamed(state, invite.by);
  return json(200, { userID: uid, email: mail ?? "", name: displayName });
}

const thirtyDaysMs = 30 * 24 * 3600 * 1000;

export interface InviteForms {
  readonly token: string;
  /** Of the page that asks where the reader is at home. */
  readonly link: string;
  /** Base64 of `token@host`. */
  readonly inviteString: string;
  /** `token@host`. */
  readonly code: string;
}

/** On 32 a row of its table, since it has no page for that. */
export function createInvite(state: NextcloudState, by?: string): InviteForms {
  const token = randomUUID();
  const user = userNamed(state, by);
  state.invites.push({ token, by: user.uid, expiresAt: state.now() + thirtyDaysMs, accepted: null });
  const code = `${token}@${state.host}`;
  return {
    token,
    code,
    link: `${state.origin}/index.php/apps/contacts/wayf?token=${token}&providerDomain=${state.host}`,
    inviteString: Buffer.from(code).toString("base64"),
  };
}
