import { answerAddress } from "../../protocols/cozy-v1/received-links.ts";
import { writeAccess } from "../../protocols/cozy-v1/wire.ts";
import type { Ask, Follower, NotFollowed, TryLater } from "../../protocols/protocol.ts";
import {
  type CozyMemberRow,
  cozySharingById,
  type CozySharingRow,
  updateCozyMember,
  updateCozySharing,
} from "../../store/cozy-sharings.ts";
import { readSharer } from "../../store/sharings.ts";
import { askCozy, never, notUnderstood, outcomeOf, recording } from "../ask-cozy.ts";
import { registerAt } from "../oauth/at-cozy.ts";
import { ownMetadata } from "../oauth/metadata.ts";
import { issueCode } from "../oauth/tokens.ts";
import type { InstanceParts } from "../parts.ts";
import { clientOf, sealClient } from "./credentials.ts";
import type { Received } from "./received-rows.ts";
import type { Asked } from "./recipient-asked.ts";
import { isBothWays, scopeOf } from "./sharer-members.ts";

/** What an answer needs to know. */
export interface Answering {
  readonly asked: Asked;
  readonly received: Received;
  readonly who: Follower;
  readonly ask: Ask;
}

export type End = NotFollowed | TryLater;

/** GET redirect_uri?access_code&client_id&state, where a browser would be sent. Null: the sharer has it. */
export async function answerByLink(parts: InstanceParts, answering: Answering): Promise<End | null> {
  const { asked, received, ask } = answering;
  if (isBothWays(received.sharing)) {
    const introduced = await introduce(parts, answering);
    if (introduced !== null) return introduced;
  }
  const code = await newCode(parts, received);
  const url = answerAddress(asked.link, code);
  const reply = await askCozy(parts.http, { what: "accept the sharing", method: "GET", url }, ask);
  if (reply.kind !== "answered") return reply;
  if (reply.status === 302 || reply.status === 303) return keepAccepted(parts, received, {});
  return reply.status < 400 ? notUnderstood(asked.sharerUrl) : notTaken(asked.sharerUrl, reply.status);
}

/** The sharer counts the account as a member. An end that he told of meanwhile stands. */
export async function keepAccepted(
  { store }: InstanceParts,
  { sharing, sharer }: Received,
  { ofSharing = {}, ofSharer = {} }: Kept,
): Promise<NotFollowed | null> {
  return store.transaction(async (db) => {
    const now = await cozySharingById(db, sharing.id);
    if (now === undefined || now.revoked_at !== null) return ended;
    await updateCozyMember(db, sharer.id, { ...ofSharer, status: "accepted", error: null });
    await updateCozySharing(db, sharing.id, { ...ofSharing, is_active: 1 });
    return null;
  });
}

interface Kept {
  readonly ofSharing?: Partial<Pick<CozySharingRow, "sharing_type" | "description" | "app_slug">>;
  readonly ofSharer?: Partial<
    Pick<CozyMemberRow, "client_sealed" | "token_sealed" | "public_name" | "address">
  >;
}

export const ended = never(
  "sharing-ended",
  "The sharing has ended; ask the sharer to share again.",
  "REMOVED",
);

/** A code that the sharer exchanges for tokens to exactly what he shares. */
export async function newCode({ store }: InstanceParts, { sharing, sharer }: Received): Promise<string> {
  const grant = {
    accountId: sharing.account_id,
    clientId: sharer.inbound_client_id ?? "",
    cozySharingId: sharing.id,
    scope: scopeOf(sharing),
  };
  return store.transaction(async (db) => issueCode(db, grant, Date.now()));
}

/** Why a sharer that answered took no answer. */
export function notTaken(sharerUrl: string, status: number): NotFollowed {
  const { host } = new URL(sharerUrl);
  if (status === 404 || status === 410 || status === 403 || status === 400) {
    const state = status === 404 || status === 410 ? "UNRESOLVABLE" : "FORBIDDEN";
    const detail = `${host} does not know the invitation any more, or takes no answer to it; ask the sharer to share again.`;
    return never("invitation-unknown", detail, state);
  }
  return never("not-let-in", `${host} refuses the answer; ask the sharer.`, "FORBIDDEN");
}

/** Master-master: the account registers at the sharer and tells which client it is there (5.5, step 2). */
async function introduce(
  parts: InstanceParts,
  { asked: { link, sharerUrl }, received, who, ask }: Answering,
): Promise<End | null> {
  const clientId = await ownClient(parts, received, who, ask);
  if (typeof clientId !== "string") return clientId;
  const body = writeAccess({ state: link.state, clientId: link.clientId, hostClientId: clientId, code: "" });
  const reply = await askCozy(
    parts.http,
    {
      what: "tell the account's client",
      method: "POST",
      url: `${sharerUrl}/sharings/access/client`,
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(body),
    },
    ask,
  );
  if (reply.kind !== "answered") return reply;
  if (reply.status >= 400) return notTaken(sharerUrl, reply.status);
  // The one answer is `null`; a page of another server is none.
  return reply.status === 200 && isNull(reply.headers) ? null : notUnderstood(sharerUrl);
}

function isNull(headers: Readonly<Record<string, readonly string[]>>): boolean {
  return headers["content-type"]?.[0]?.includes("json") ?? false;
}

/** The account's client at the sharer, registered there once. */
async function ownClient(
  { http, store, sealer }: InstanceParts,
  { sharing, sharer }: Received,
  { instanceUrl }: Follower,
  ask: Ask,
): Promise<string | End> {
  const kept = clientOf(sealer, sharer);
  if (kept !== null) return kept.clientId;
  const url = sharer.instance_url ?? "";
  const name = (await readSharer(store.db, { id: sharing.account_id }))?.name ?? "";
  const at = { http: recording(http, "register at the sharer", ask), url, signal: ask.signal };
  const obtained = await registerAt(at, ownMetadata(instanceUrl ?? "", name));
  if (obtained.kind === "failed") {
    const { failure } = obtained;
    return outcomeOf(failure, url, ask) ?? notTaken(url, failure.status ?? 0);
  }
  const client_sealed = sealClient(sealer, sharer.id, obtained.got);
  await store.transaction(async (db) => updateCozyMember(db, sharer.id, { client_sealed }));
  return obtained.got.clientId;
}
