import { z } from "zod";
import { parseCozyLink } from "../../protocols/cozy/link.ts";
import type {
  Ask,
  Follower,
  FollowReply,
  FollowWay,
  LeaveReply,
  NotFollowed,
  Share,
  TryLater,
} from "../../protocols/protocol.ts";
import { updateCozyMember } from "../../store/cozy-sharings.ts";
import { readTokens } from "../oauth/tokens.ts";
import { browseReceived, openReceived } from "../documents/received.ts";
import type { InstanceParts } from "../parts.ts";
import { type Credentials, openCredentials, sealedCredentials } from "./credentials.ts";
import { askCozy, formOf, never, notUnderstood } from "../ask-cozy.ts";
import { follow, receivedBehind } from "./recipient-follow.ts";
import type { RequestGate } from "./recipient-gate.ts";
import { endReceived, type Received } from "./recipient-rows.ts";
import { followedAs } from "./recipient-shown.ts";

/** How an account follows sharings of today's cozy-stack. The protocol knows no refusal (reference/cozy.md 14). */
export function createWay(parts: InstanceParts, gate: RequestGate): FollowWay {
  const { db } = parts.store;
  return {
    follow: async (share, who, ask) => follow(parts, gate, share, who, ask),
    check: async (share, who, ask) => {
      const received = await standing(parts, share, who);
      return "kind" in received ? received : check(parts, received, ask);
    },
    leave: async (share, who, ask) => {
      const received = await standing(parts, share, who);
      return "kind" in received ? { kind: "left" } : leave(parts, received, ask);
    },
    browse: async (share, who, path) => {
      const received = await standing(parts, share, who);
      return "kind" in received ? received : browseReceived(db, received.sharing.id, path);
    },
    open: async (share, who, wanted) => {
      const received = await standing(parts, share, who);
      return "kind" in received ? received : openReceived(db, received.sharing.id, wanted);
    },
  };
}

/** What the account follows behind a share; a final no where that ended, or never began. */
async function standing(
  { store }: InstanceParts,
  share: Share,
  who: Follower,
): Promise<Received | NotFollowed> {
  const link = parseCozyLink(share.link);
  const received = link === null ? null : await receivedBehind(store.db, link, who);
  if (received?.sharing.is_active === 1) return received;
  if (received !== null && received.sharing.revoked_at !== null) return ended;
  return never("not-followed", "The account does not follow this sharing; accept its notification.");
}

const ended = never("sharing-ended", "The sharing has ended; ask the sharer to share again.", "REMOVED");

/** Whether the owner still knows the account: it refreshes the account's token for members alone (reference/cozy.md 7.8). */
async function check(parts: InstanceParts, received: Received, ask: Ask): Promise<FollowReply> {
  const credentials = openCredentials(parts.sealer, received.owner);
  // The answer that brought them was lost, and the owner counts the account as a member (answer.ts).
  if (credentials === null) return followedAs(received);
  const refreshed = await refresh(parts, { received, credentials }, ask);
  if (refreshed.kind === "refreshed") return followedAs(received);
  if (refreshed.kind !== "closed") return refreshed;
  await parts.store.transaction(async (db) => endReceived(db, received, Date.now()));
  return ended;
}

interface Opened {
  readonly received: Received;
  readonly credentials: Credentials;
}

type Refreshed =
  | { readonly kind: "refreshed"; readonly credentials: Credentials }
  /** The owner's Cozy says, as OAuth says it, that it has no such client or token. */
  | { readonly kind: "closed" }
  | NotFollowed
  | TryLater;

const oauthError = z.object({ error: z.string().min(1) });

async function refresh(
  { store, sealer, http }: InstanceParts,
  { received: { owner }, credentials }: Opened,
  ask: Ask,
): Promise<Refreshed> {
  const url = `${owner.instance_url ?? ""}/auth/access_token`;
  const { client, tokens } = credentials;
  const form = formOf({
    grant_type: "refresh_token",
    refresh_token: tokens.refresh,
    client_id: client.clientId,
    client_secret: client.clientSecret,
  });
  const reply = await askCozy(
    http,
    { what: "refresh the token of the sharing", method: "POST", url, ...form },
    ask,
  );
  if (reply.kind !== "answered") return reply;
  if (reply.status === 400 && oauthError.safeParse(reply.body).success) return { kind: "closed" };
  if (reply.status >= 400) {
    const detail = `${new URL(url).host} does not let the account in at the moment; the sharer can look at the sharing there.`;
    return never("token-refused", detail, "FORBIDDEN");
  }
  const got = reply.status === 200 ? readTokens(reply.body) : null;
  if (got === null) return notUnderstood(url);
  const kept = {
    ...credentials,
    tokens: { ...got, refresh: got.refresh === "" ? tokens.refresh : got.refresh },
  };
  await store.transaction(async (db) =>
    updateCozyMember(db, owner.id, sealedCredentials(sealer, owner.id, kept)),
  );
  return { kind: "refreshed", credentials: kept };
}

/** DELETE /sharings/:id/answer at the owner (reference/cozy.md 8.2); an owner that does not know the account has nothing to end. */
async function leave(parts: InstanceParts, received: Received, ask: Ask): Promise<LeaveReply> {
  const credentials = openCredentials(parts.sealer, received.owner);
  const told = credentials === null ? "told" : await tellOwner(parts, { received, credentials }, ask);
  if (told !== "told") return told;
  await parts.store.transaction(async (db) => endReceived(db, received, Date.now()));
  parts.tell("sharing-ended", { generation: "v3", sharing: received.sharing.id, by: "account" });
  return { kind: "left" };
}

/** Once more with a fresh token where the first one has expired. */
async function tellOwner(
  parts: InstanceParts,
  opened: Opened,
  ask: Ask,
): Promise<"told" | NotFollowed | TryLater> {
  const { received } = opened;
  const url = `${received.owner.instance_url ?? ""}/sharings/${received.sharing.document_id}/answer`;
  const call = { what: "leave the sharing", method: "DELETE", url } as const;
  const first = await askCozy(parts.http, { ...call, headers: bearer(opened.credentials) }, ask);
  if (first.kind !== "answered") return first;
  if (isTold(first.status)) return "told";
  if (first.status < 400) return notUnderstood(url);
  const refreshed = await refresh(parts, opened, ask);
  if (refreshed.kind === "closed") return "told";
  if (refreshed.kind !== "refreshed") return refreshed;
  const second = await askCozy(parts.http, { ...call, headers: bearer(refreshed.credentials) }, ask);
  if (second.kind !== "answered") return second;
  if (isTold(second.status)) return "told";
  const detail = `${new URL(url).host} does not take the account out of the sharing; ask the sharer to do so.`;
  return never("not-taken-out", detail, "FORBIDDEN");
}

function isTold(status: number): boolean {
  return status === 204 || status === 200 || status === 404 || status === 410;
}

function bearer({ tokens }: Credentials) {
  return { authorization: `Bearer ${tokens.access}`, accept: "application/vnd.api+json" };
}
