import { addressKey } from "../../domain/address.ts";
import type { Ask, Follower, NotFollowed, TryLater } from "../../protocols/protocol.ts";
import { readDiscovered, readSource, stateInRedirect } from "../../protocols/cozy/wire.ts";
import type { CozyReply } from "../call.ts";
import type { InstanceParts } from "../parts.ts";
import { askCozy, formOf, later, never, notUnderstood } from "../ask-cozy.ts";
import type { RequestGate } from "./recipient-gate.ts";
import { type Received, readReceived } from "./recipient-rows.ts";

/** Where an invitation asks for the account's Cozy, and with which secret. */
export interface Invitation {
  /** `https://host[:port]` of the owner, or of the member who invited (reference/cozy.md 7.7). */
  readonly at: string;
  readonly sharingId: string;
  readonly secret: { readonly name: "state" | "sharecode"; readonly value: string };
}

/** The sharer's request lies here, and this state answers it. */
export interface Discovered {
  readonly kind: "discovered";
  readonly received: Received;
  /** Secret. */
  readonly state: string;
  /** The member's address, as the sharer has it; empty where it has none. */
  readonly email: string;
}

type Discovery = Discovered | NotFollowed | TryLater;

/** The sharing that the code of a preview page is for: GET /permissions/self, which marks the member as seen (reference/cozy.md 3.4). */
export async function findSharing(
  { http }: Pick<InstanceParts, "http">,
  { at, sharecode }: { readonly at: string; readonly sharecode: string },
  ask: Ask,
): Promise<{ readonly kind: "found"; readonly sharingId: string } | NotFollowed | TryLater> {
  const url = `${at}/permissions/self`;
  const headers = { authorization: `Bearer ${sharecode}`, accept: "application/vnd.api+json" };
  const reply = await askCozy(http, { what: "ask what the code opens", method: "GET", url, headers }, ask);
  if (reply.kind !== "answered") return reply;
  const host = new URL(at).host;
  if (reply.status >= 400) {
    return never(
      "code-not-valid",
      `${host} does not know the code of the link any more; ask the sharer to share again.`,
    );
  }
  const source = reply.status === 200 ? readSource(reply.body) : null;
  if (source === null) return notUnderstood(url);
  if (source !== "no-sharing") return { kind: "found", sharingId: source.sharingId };
  const detail = `The link opens a page at ${host} and offers nothing to subscribe to; open it in a browser instead.`;
  return never("page-only", detail, "UNSUPPORTED");
}

/**
 * Tells the inviting Cozy where the account's is (reference/cozy.md 7.3). Before it answers, the owner brings the request here,
 * which is why this works only beside a daemon that serves the account's host.
 */
export async function discover(
  parts: InstanceParts,
  gate: RequestGate,
  { invitation, who, ask }: { readonly invitation: Invitation; readonly who: Follower; readonly ask: Ask },
): Promise<Discovery> {
  const { at, sharingId, secret } = invitation;
  const instanceUrl = who.instanceUrl ?? "";
  const since = Date.now();
  const url = `${at}/sharings/${sharingId}/discovery`;
  using _ = gate.waitFor(who.accountId, sharingId);
  const form = formOf({ [secret.name]: secret.value, url: instanceUrl });
  const reply = await askCozy(
    parts.http,
    { what: "tell where the account's Cozy is", method: "POST", url, ...form },
    ask,
  );
  if (reply.kind !== "answered") return reply;
  const told = readReply(reply, url, { sharingId, who });
  if (told.kind !== "told") return told;
  const received = await readReceived(parts.store.db, who.accountId, sharingId);
  if (received === null) return notReceived(at, instanceUrl);
  const doubt = doubtOf(received, { at, since, instanceUrl });
  return doubt ?? { ...told, kind: "discovered", received };
}

type Told = { readonly kind: "told" } & Pick<Discovered, "state" | "email">;

/** The state and the address that discovery tells, where both are for this account. */
function readReply(
  { status, body, headers }: Extract<CozyReply, { readonly kind: "answered" }>,
  url: string,
  { sharingId, who }: { readonly sharingId: string; readonly who: Follower },
): Told | NotFollowed | TryLater {
  const { host } = new URL(url);
  const refusal = refusalOf(status, host);
  if (refusal !== null) return refusal;
  const answer = readDiscovered(body);
  // Without JSON a Cozy sends a browser to the same address.
  const redirect = status === 200 ? answer?.redirect : headers["location"]?.[0];
  if (redirect === undefined) return notUnderstood(url);
  const state = stateInRedirect(redirect, { instanceUrl: who.instanceUrl ?? "", sharingId });
  if (state === null) {
    const detail = `${host} does not lead back to the account's own host; ask the sharer to share again.`;
    return never("redirect-elsewhere", detail);
  }
  const email = answer?.email ?? "";
  if (isOwnAddress(email, who)) return { kind: "told", state, email };
  const detail = `The invitation from ${host} is for another address; ask the sharer to invite one of the account's addresses.`;
  return never("wrong-account", detail, "FORBIDDEN");
}

function refusalOf(status: number, host: string): NotFollowed | TryLater | null {
  if (status < 400) return null;
  switch (status) {
    // The one answer for all that went wrong while the request was brought here, also where it may work next time.
    case 400:
      return later(
        "request-failed",
        `${host} could not bring its request to the account's own host; look whether that is reachable from outside.`,
      );
    case 403:
      return never(
        "refused",
        `${host} does not let the account answer; ask the sharer to share again.`,
        "FORBIDDEN",
      );
    default:
      return never(
        "invitation-unknown",
        `${host} does not know the invitation any more; ask the sharer to share again.`,
      );
  }
}

/** A member known by no address was invited by that of his Cozy. */
function isOwnAddress(email: string, { addresses }: Follower): boolean {
  if (email === "") return true;
  const key = addressKey(email);
  return key !== null && addresses.some((address) => addressKey(address) === key);
}

/**
 * Why the request that came while discovery was under way must not be answered; null where it may. Nobody vouches for a request:
 * only the Cozy of the link can have caused one now, so that there has to be exactly one; and another owner than that
 * Cozy is possible only where members may invite others (reference/cozy.md 7.7).
 */
function doubtOf(
  { attributes }: Received,
  { at, since, instanceUrl }: { readonly at: string; readonly since: number; readonly instanceUrl: string },
): NotFollowed | TryLater | null {
  const [claim, ...others] = attributes.claims.filter((each) => each.at >= since);
  if (claim === undefined) return notReceived(at, instanceUrl);
  if (others.length > 0) {
    const detail =
      "Several requests for one sharing came at once, and one of them is not the sharer's; Usher asks again later.";
    return later("requests-contradict", detail);
  }
  if (claim.url === at || attributes.open_sharing || attributes.drive) return null;
  const detail = `The link is at ${new URL(at).host}, and the sharing belongs to another Cozy that lets nobody else invite; ask its owner to share.`;
  return never("owner-elsewhere", detail);
}

function notReceived(at: string, instanceUrl: string): TryLater {
  const detail = `${new URL(at).host} says that it asked ${instanceUrl}, and no request arrived there; look whether that host is reachable from outside.`;
  return later("request-not-received", detail);
}
