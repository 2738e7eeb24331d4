import type { Ask, Follower, NotFollowed, TryLater } from "../../protocols/protocol.ts";
import { readAnswered, writeAnswer } from "../../protocols/cozy/wire.ts";
import { deleteCozyClientsOf } from "../../store/cozy-clients.ts";
import { openMember, sealMember, updateCozyMember, updateCozySharing } from "../../store/cozy-sharings.ts";
import { readInstance } from "../../store/instances.ts";
import { registerClient } from "../oauth/clients.ts";
import { readClient, writeClient } from "../oauth/metadata.ts";
import { issueTokens, readTokens, writeTokens } from "../oauth/tokens.ts";
import type { InstanceParts } from "../parts.ts";
import { type Credentials, sealedCredentials, sharingScope } from "./credentials.ts";
import { askCozy, later, never, notUnderstood } from "../ask-cozy.ts";
import { type Received, readReceived } from "./recipient-rows.ts";

/** What an answer came to: the account follows, or the state opens nothing any more, or neither is known. */
export type AnswerOutcome =
  | { readonly kind: "accepted"; readonly received: Received }
  | { readonly kind: "stale" }
  | NotFollowed
  | TryLater;

/** The state of an answer whose outcome is not known; null where none is under way. Throws SealError. */
export function pendingState({ sealer }: Pick<InstanceParts, "sealer">, { owner }: Received): string | null {
  return openMember(sealer, owner, "secret_sealed");
}

/**
 * Accepts at the owner: POST /sharings/:id/answer with a client and tokens of this account (reference/cozy.md 7.5). They open the
 * sharing here before the answer is sent, because the owner may call at once. The state is kept until the outcome is known,
 * so that a lost answer is given once more; the owner then issues anew.
 */
export async function sendAnswer(
  parts: InstanceParts,
  { received, state }: { readonly received: Received; readonly state: string },
  who: Follower,
  ask: Ask,
): Promise<AnswerOutcome> {
  const ownerUrl = received.owner.instance_url ?? "";
  const issued = await issue(parts, received, state);
  if (issued === null) {
    return later("request-changed", "The request changed while it was answered; Usher answers again later.");
  }
  const url = `${ownerUrl}/sharings/${received.sharing.document_id}/answer`;
  const account = await readInstance(parts.store.db, new URL(who.instanceUrl ?? "").host);
  const body = JSON.stringify(
    writeAnswer({
      sharingId: received.sharing.document_id,
      publicName: account?.accountName ?? "",
      state,
      client: { ...writeClient(issued.client), client_name: clientName(received) },
      token: writeTokens(issued.tokens),
    }),
  );
  const headers = { "content-type": "application/vnd.api+json", accept: "application/vnd.api+json" };
  const reply = await askCozy(
    parts.http,
    { what: "accept the sharing", method: "POST", url, headers, body },
    ask,
  );
  if (reply.kind !== "answered") return reply;
  const { status } = reply;
  // It counts the account as a member already: the answer before this one arrived, and what it gave was lost.
  if (status === 409) return activate(parts, received, { clientId: issued.client.clientId, got: null });
  if (status >= 400) return giveUp(parts, received, status);
  const got = status === 200 ? credentialsIn(reply.body) : null;
  return got === null
    ? notUnderstood(url)
    : activate(parts, received, { clientId: issued.client.clientId, got });
}

/** Null where the request is no longer the one that was looked at. */
async function issue({ store, sealer }: InstanceParts, received: Received, state: string) {
  const { sharing, owner } = received;
  return store.transaction(async (db) => {
    const now = await readReceived(db, sharing.account_id, sharing.document_id);
    const isSame =
      now?.sharing.revision === sharing.revision && now.owner.instance_url === owner.instance_url;
    const nowMs = Date.now();
    const ownerUrl = owner.instance_url;
    if (!isSame || ownerUrl === null) return null;
    const client = await registerClient(
      db,
      { accountId: sharing.account_id, cozySharingId: sharing.id },
      {
        redirectUris: [`${ownerUrl}/sharings/answer`],
        name: clientName(received),
        kind: "sharing",
        uri: `${ownerUrl}/`,
        softwareId: "github.com/cozy/cozy-stack",
      },
      nowMs,
    );
    const grant = { accountId: sharing.account_id, clientId: client.clientId, cozySharingId: sharing.id };
    const tokens = await issueTokens(db, { ...grant, scope: sharingScope(sharing.document_id) }, nowMs);
    await updateCozyMember(db, owner.id, {
      secret_sealed: sealMember(sealer, owner.id, "secret_sealed", state),
      inbound_client_id: client.clientId,
    });
    return { client, tokens };
  });
}

function clientName({ owner }: Received): string {
  return `Sharing ${owner.public_name ?? new URL(owner.instance_url ?? "").host}`;
}

function credentialsIn(body: unknown): Credentials | null {
  const answered = readAnswered(body);
  const client = readClient(answered?.client);
  const tokens = readTokens(answered?.access_token);
  if (client === null || tokens === null) return null;
  const key = answered?.xor_key;
  return { client, tokens, xorKey: typeof key === "string" ? key : "" };
}

/** The answer counts: what was issued for earlier ones goes. An end that the owner told of meanwhile stays one. */
async function activate(
  { store, sealer, tell }: InstanceParts,
  { sharing, owner, self }: Received,
  { clientId, got }: { readonly clientId: string; readonly got: Credentials | null },
): Promise<AnswerOutcome> {
  const standing = await store.transaction(async (db) => {
    const now = await readReceived(db, sharing.account_id, sharing.document_id);
    if (now === null || now.owner.inbound_client_id !== clientId || now.sharing.revoked_at !== null)
      return null;
    await deleteCozyClientsOf(db, sharing.id, clientId);
    const sealed = got === null ? {} : sealedCredentials(sealer, owner.id, got);
    await updateCozyMember(db, owner.id, { ...sealed, secret_sealed: null });
    await updateCozyMember(db, self.id, { status: "ready" });
    await updateCozySharing(db, sharing.id, { is_active: 1 });
    return readReceived(db, sharing.account_id, sharing.document_id);
  });
  if (standing === null)
    return never("sharing-ended", "The sharer ended the sharing while it was accepted.", "REMOVED");
  tell("sharing-answered", { generation: "v3", sharing: sharing.id, status: "ready" });
  return { kind: "accepted", received: standing };
}

/** A final refusal: the state is forgotten, and what was issued for it opens nothing. */
async function giveUp(
  { store }: InstanceParts,
  { sharing, owner }: Received,
  status: number,
): Promise<AnswerOutcome> {
  await store.transaction(async (db) => {
    await deleteCozyClientsOf(db, sharing.id, null);
    await updateCozyMember(db, owner.id, { secret_sealed: null, inbound_client_id: null });
  });
  // Reference/cozy.md 7.5: the state is another one by now, or the account's address has to be told first.
  if (status === 404 || status === 422) return { kind: "stale" };
  const host = new URL(owner.instance_url ?? "").host;
  const state = status === 401 || status === 403 ? "FORBIDDEN" : "UNRESOLVABLE";
  return never("answer-refused", `${host} does not take the answer; ask the sharer to share again.`, state);
}
