import { randomBytes } from "node:crypto";
import {
  alreadyAccepted,
  type Instance,
  invalidSharing,
  isBitwarden,
  selfIn,
  sharingOf,
} from "./instance.ts";
import { type Member, ownerOf, type Sharing } from "./model.ts";
import { createClient, deleteClient, issueTokens, noteClient, sharingScope } from "./oauth.ts";
import { answered } from "./schemas.ts";
import { removeShortcut } from "./shortcuts.ts";
import { trustSharer } from "./trust.ts";
import { readJson, Refusal } from "./wire.ts";

/**
 * Accepts a sharing: POST /sharings/:id/answer at the sharer with credentials for it (reference/cozy.md 7.5). Throws 409
 * where it was accepted before, 502 where the sharer did not take the answer.
 */
export async function sendAnswer(instance: Instance, sharing: Sharing, state: string): Promise<void> {
  if (sharing.owner || state === "") throw invalidSharing();
  if (sharing.active || instance.answering.has(sharing.id)) throw alreadyAccepted();
  instance.answering.add(sharing.id);
  try {
    await exchange(instance, sharing, state);
  } finally {
    instance.answering.delete(sharing.id);
  }
}

async function exchange(instance: Instance, sharing: Sharing, state: string): Promise<void> {
  const sharer = ownerOf(sharing);
  const client = createClient(instance, sharer.public_name, sharer.instance);
  const access_token = issueTokens(instance, client.client_id, sharingScope(sharing, false));
  const answer = await instance.call({
    method: "POST",
    url: `${sharer.instance}/sharings/${sharing.id}/answer`,
    accept: "application/vnd.api+json",
    type: "application/vnd.api+json",
    body: JSON.stringify({
      data: {
        type: "io.cozy.sharings.answer",
        id: sharing.id,
        attributes: {
          public_name: instance.owner.publicName,
          state,
          client,
          access_token,
          ...(isBitwarden(sharing) ? { bitwarden: bitwardenKeys() } : {}),
        },
      },
    }),
  });
  try {
    if (answer.kind === "unreachable") throw requestFailed("no answer");
    if (answer.status !== 200) throw requestFailed(`${answer.status}`);
    // The request may have been replaced by a newer one meanwhile.
    store(instance, sharingOf(instance, sharing.id), state, client.client_id, answer.text);
  } catch (cause) {
    deleteClient(instance, client.client_id);
    throw cause;
  }
}

function store(instance: Instance, sharing: Sharing, state: string, inbound: string, text: string): void {
  const { client, access_token, xor_key } = readAnswer(instance, text);
  noteClient(instance, sharing, client, access_token.scope);
  const [before] = sharing.credentials;
  sharing.credentials = [
    {
      state,
      xor_key: [...Buffer.from(xor_key, "base64")],
      client,
      access_token,
      inbound_client_id: inbound,
      drive_token: before?.drive_token ?? "",
    },
  ];
  const self = selfIn(instance, sharing);
  if (self !== null) ready(self, instance.owner.publicName);
  sharing.active = true;
  sharing.initial_sync = sharing.initial_number_of_files_to_sync > 0;
  if (!sharing.drive) removeShortcut(instance, sharing);
  trustSharer(instance, ownerOf(sharing));
}

function readAnswer(instance: Instance, text: string) {
  try {
    return readJson(text, answered).data.attributes;
  } catch (cause) {
    instance.refuse(`the answer to POST answer: ${String(cause)}`);
    throw requestFailed("an answer without credentials");
  }
}

/** A member that accepted; nothing leads back from here but a revocation. */
export function ready(member: Member, publicName: string): void {
  member.status = "ready";
  member.public_name = publicName;
}

function requestFailed(what: string): Refusal {
  return new Refusal(502, `The request to the other Cozy failed: ${what}`);
}

function bitwardenKeys() {
  return { user_id: randomBytes(16).toString("hex"), public_key: randomBytes(32).toString("base64") };
}
