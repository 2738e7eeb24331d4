import type { Reply } from "../faulty-answers.ts";
import type { CozyV1aState } from "./sharing.ts";
import {
  cozyOrigin,
  type Party,
  recipientOfClient,
  type Sharing,
  sharingOf,
  urlOf,
} from "./stack/sharing.ts";
import { exchangeCode } from "./stack/oauth.ts";
import { call } from "./stack/outgoing.ts";
import { scopeOf } from "./stack/permissions.ts";
import {
  badRequest,
  type CozyRequest,
  json,
  readObject,
  redirect,
  textAt,
  unqualified,
} from "./stack/wire.ts";
import { shareDocuments, updateTriggers } from "./stack/triggers.ts";

/** `GET /sharings/answer` on the sharer (reference/cozy.md 5.5, steps 4 and 5). Without access code it is a refusal. */
export async function takeAnswer(cozy: CozyV1aState, { query }: CozyRequest): Promise<Reply> {
  const sharing = sharingOf(cozy, query.get("state") ?? "");
  const party = recipientOfClient(sharing, query.get("client_id") ?? "");
  const url = cozyOrigin(urlOf(cozy, party));
  const code = query.get("access_code") ?? "";
  if (code === "") {
    party.status = "refused";
    return redirect(302, url);
  }
  await exchange(cozy, party, url, code);
  party.status = "accepted";
  if (sharing.flow === "both") await giveCode(cozy, sharing, party, url);
  if (sharing.flow !== "none") sharing.triggers = updateTriggers(sharing.rules);
  shareDocuments(cozy, sharing, party);
  return redirect(302, url);
}

async function exchange(cozy: CozyV1aState, party: Party, url: string, code: string): Promise<void> {
  if (party.client === null) throw unqualified("No OAuth client was found");
  try {
    party.pair = await exchangeCode(cozy, url, party.client, code);
  } catch (cause) {
    throw unqualified(String(cause));
  }
}

/** Master-master: the recipient gets a code for this Cozy. The acceptance stands where this fails. */
async function giveCode(cozy: CozyV1aState, sharing: Sharing, party: Party, url: string): Promise<void> {
  if (cozy.credentials.client(party.hostClientId) === null)
    throw unqualified("The recipient is no client here");
  const code = cozy.credentials.newCode(party.hostClientId, scopeOf(sharing.rules));
  const told = await call(cozy.resolve, "POST", `${url}/sharings/access/code`, {
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify({ state: sharing.sharingId, code, client_id: "", host_client_id: "" }),
  }).catch((cause: unknown) => {
    throw unqualified(`access/code got no answer: ${String(cause)}`);
  });
  if (told.status !== 200) throw unqualified(`access/code was answered with ${told.status}`);
}

/** `POST /sharings/access/client` on the sharer, master-master: 200 `null`. */
export function takeClient(cozy: CozyV1aState, request: CozyRequest): Reply {
  const body = readObject(request.body);
  const sharing = sharingOf(cozy, textAt(body, "state"));
  const party = recipientOfClient(sharing, textAt(body, "client_id"));
  const hostClientId = textAt(body, "host_client_id");
  if (cozy.credentials.client(hostClientId) === null)
    cozy.refuse("access/client names no client of this Cozy");
  party.hostClientId = hostClientId;
  return json(200, null);
}

/** `POST /sharings/access/code` on the recipient, master-master: 200 `null`. */
export async function takeCode(cozy: CozyV1aState, request: CozyRequest): Promise<Reply> {
  const body = readObject(request.body);
  if (textAt(body, "state") === "") throw badRequest("The state is missing");
  if (textAt(body, "code") === "") throw unqualified("No code is in the query parameters");
  const sharing = sharingOf(cozy, textAt(body, "state"));
  const { sharer } = sharing;
  if (sharer === null || sharer.party.client === null) throw unqualified("No OAuth client was found");
  try {
    sharer.party.pair = await exchangeCode(cozy, sharer.url, sharer.party.client, textAt(body, "code"));
  } catch (cause) {
    throw unqualified(String(cause));
  }
  sharing.triggers = updateTriggers(sharing.rules);
  return json(200, null);
}
