import type { Reply } from "../faulty-answers.ts";
import { readAsked } from "../cozy-v1a/stack/consent.ts";
import type { Client } from "../cozy-v1a/stack/credentials.ts";
import { escaped } from "../cozy-v1a/stack/html.ts";
import { guardedForm, readGuardedForm } from "../cozy-v1a/stack/login.ts";
import { call } from "../cozy-v1a/stack/outgoing.ts";
import { type CozyRequest, errorPage, readObject, redirect, sortedQuery } from "../cozy-v1a/stack/wire.ts";
import type { CozyV1bState } from "./sharing.ts";
import { storeSharing } from "./store.ts";

/** `cozy_sharing` is for clients of kind "sharing" alone, and they get nothing else. Other clients are not emulated. */
function readSharingAsked(cozy: CozyV1bState, fields: URLSearchParams) {
  const isForSharing = fields.get("response_type") === "cozy_sharing";
  const asked = readAsked(cozy, fields);
  if (!isForSharing || asked.client.client_kind !== "sharing") {
    throw errorPage(400, "The response type does not fit the client.");
  }
  return asked;
}

/** `GET /auth/authorize` on the recipient. */
export function showConsent(cozy: CozyV1bState, request: CozyRequest): Reply {
  const { client, state, redirectUri, scope } = readSharingAsked(cozy, request.query);
  if (!cozy.logins.isLoggedIn(request)) return cozy.logins.toLogin(request);
  const words = `<h1>A sharing</h1><p>${escaped(client.client_name)} wants to share with you: ${escaped(scope)}</p>`;
  const hidden = { client_id: client.client_id, state, redirect_uri: redirectUri, scope };
  return guardedForm("/auth/authorize", words, { ...hidden, response_type: "cozy_sharing" });
}

/** `POST /auth/authorize`: asks the sharer, server to server. On failure the client goes (reference/cozy.md, section 6). */
export async function takeConsent(cozy: CozyV1bState, request: CozyRequest): Promise<Reply> {
  if (!cozy.logins.isLoggedIn(request)) throw errorPage(401, "You must be logged in.");
  const { client, state, redirectUri, scope } = readSharingAsked(cozy, readGuardedForm(request));
  const code = cozy.credentials.newCode(client.client_id, scope);
  const query = sortedQuery({ access_code: code, client_id: client.client_id, state });
  try {
    const answer = await call(cozy.resolve, "POST", `${redirectUri}?${query}`, {
      headers: { Accept: "application/json" },
    });
    if (answer.status !== 201) throw new Error(`The answer was answered with ${answer.status}.`);
    storeSharing(cozy, client, scope, readObject(answer.text));
  } catch (cause) {
    throw withoutClient(cozy, client, cause);
  }
  return redirect(302, `${cozy.origin}/`);
}

function withoutClient(cozy: CozyV1bState, client: Client, cause: unknown): Error {
  cozy.credentials.deleteClient(client.client_id);
  return errorPage(400, `The sharing could not be accepted. ${String(cause)}`);
}
