import type { Reply } from "../faulty-answers.ts";
import { type CozyV1aState, flowOf, isSharingType } from "./sharing.ts";
import { homeOf, newParty, type Sharing, sharingOf } from "./stack/sharing.ts";
import { newId } from "./stack/documents.ts";
import { guardedForm, readGuardedForm } from "./stack/login.ts";
import { readAsked } from "./stack/consent.ts";
import { registerAt } from "./stack/oauth.ts";
import { call } from "./stack/outgoing.ts";
import { rulesOf, setOf } from "./stack/permissions.ts";
import {
  badRequest,
  type CozyRequest,
  errorPage,
  invalidParameter,
  notFound,
  readForm,
  redirect,
  sortedQuery,
  unqualified,
} from "./stack/wire.ts";
import { escaped } from "./stack/html.ts";
import { deletionTriggers } from "./stack/triggers.ts";

/** `GET /sharings/request` on the recipient: a document is made before anybody logs in (reference/cozy.md 5.5, step 2). */
export async function receiveRequest(cozy: CozyV1aState, { query }: CozyRequest): Promise<Reply> {
  const asked = (name: string): string => query.get(name) ?? "";
  const type = asked("sharing_type");
  if (asked("state") === "") throw badRequest("The state is missing");
  if (!isSharingType(type)) throw invalidParameter("sharing_type", "Invalid sharing type");
  if (asked("scope") === "") throw badRequest("The scope is missing");
  const client = cozy.credentials.client(asked("client_id"));
  if (client === null) throw badRequest("No OAuth client was found");
  const rules = rulesOf(asked("scope"));
  if (rules === null) throw badRequest("The scope is no permission set");
  const known = cozy.sharings.find(({ sharingId }) => sharingId === asked("state"));
  const sharing: Sharing = known ?? {
    id: newId(),
    rev: `1-${newId()}`,
    sharingId: asked("state"),
    description: asked("description"),
    type,
    flow: flowOf(type),
    appSlug: asked("App_slug"),
    owner: false,
    revoked: false,
    permissions: setOf(rules),
    rules,
    recipients: [],
    sharer: {
      url: homeOf(client),
      party: { ...newParty(""), status: "pending", hostClientId: client.client_id },
    },
    triggers: flowOf(type) === "down" ? deletionTriggers(rules) : [],
  };
  if (known === undefined) cozy.sharings.push(sharing);
  await introduceItself(cozy, sharing);
  return redirect(303, `${cozy.origin}/auth/authorize?${String(query)}`);
}

/** Master-master: the recipient becomes a client of the sharer and says so. The document stays where this fails. */
async function introduceItself(cozy: CozyV1aState, { flow, sharingId, sharer }: Sharing): Promise<void> {
  if (flow !== "both" || sharer === null || sharer.party.client !== null) return;
  try {
    const client = await registerAt(cozy, sharer.url);
    const told = await call(cozy.resolve, "POST", `${sharer.url}/sharings/access/client`, {
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify({
        state: sharingId,
        client_id: sharer.party.hostClientId,
        host_client_id: client.client_id,
        code: "",
      }),
    });
    if (told.status !== 200) throw new Error(`access/client was answered with ${told.status}.`);
    sharer.party.client = client;
  } catch (cause) {
    throw unqualified(`The sharer could not be told of the client: ${String(cause)}`);
  }
}

/** `GET /auth/authorize` (reference/cozy.md 5.5, step 3). */
export function showConsent(cozy: CozyV1aState, request: CozyRequest): Reply {
  const { query } = request;
  if (query.get("response_type") !== "code") throw errorPage(400, "The response type must be code.");
  const asked = readAsked(cozy, query);
  if (!cozy.logins.isLoggedIn(request)) return cozy.logins.toLogin(request);
  const words = query.has("sharing_type")
    ? `<h1>A sharing</h1><p>${escaped(asked.client.client_name)} wants to share with you: ${escaped(asked.scope)}</p>`
    : `<h1>Access</h1><p>${escaped(asked.client.client_name)} asks for: ${escaped(asked.scope)}</p>`;
  const { client, state, redirectUri, scope } = asked;
  const hidden = { client_id: client.client_id, state, redirect_uri: redirectUri, scope };
  return guardedForm("/auth/authorize", words, hidden);
}

/** `POST /auth/authorize`: 302 to the sharer with an access code. */
export function takeConsent(cozy: CozyV1aState, request: CozyRequest): Reply {
  if (!cozy.logins.isLoggedIn(request)) throw errorPage(401, "You must be logged in.");
  const { client, state, redirectUri, scope } = readAsked(cozy, readGuardedForm(request));
  const code = cozy.credentials.newCode(client.client_id, scope);
  const query = sortedQuery({ access_code: code, client_id: client.client_id, state });
  return redirect(302, `${redirectUri}?${query}#`);
}

/** `POST /sharings/formRefuse`: the document is deleted first (reference/cozy.md 5.5, step 5). */
export function takeRefusal(cozy: CozyV1aState, request: CozyRequest): Reply {
  const form = readForm(request);
  const [state, clientId] = [form.get("state") ?? "", form.get("client_id") ?? ""];
  if (state === "") throw badRequest("The state is missing");
  if (clientId === "" || cozy.credentials.client(clientId) === null)
    throw badRequest("No OAuth client was found");
  const sharing = sharingOf(cozy, state);
  if (sharing.sharer === null) throw notFound("Sharing does not exist");
  cozy.sharings.splice(cozy.sharings.indexOf(sharing), 1);
  const query = sortedQuery({ client_id: clientId, state });
  return redirect(302, `${sharing.sharer.url}/sharings/answer?${query}#`);
}
