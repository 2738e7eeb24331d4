import { z } from "zod";
import { limits } from "../../domain/limits.ts";
import { inviteTokenIn } from "../../protocols/ocm/link.ts";
import { noWay } from "../../protocols/no-way.ts";
import type { Follower, FollowReply, FollowWay, NotFollowed, Settled } from "../../protocols/protocol.ts";
import { ocmContactsAt } from "../../store/ocm-contacts.ts";
import type { FederationParts, PeerAsk, PeerPosted } from "../parts.ts";
import { keepContact, ownPerson } from "./contact.ts";

/**
 * How accounts accept invitations: the inviter's server is told who accepts, and says who invited (reference/ocm.md 4.2). The
 * contact is kept before the answer to the account counts, so that doing it twice is doing it once.
 */
export function createAcceptInvite(parts: FederationParts): FollowWay {
  return {
    ...noWay,
    follow: async (share, who, ask) => {
      const token = inviteTokenIn(share.link);
      if (token === null)
        return no("no-invite-token", "The mail holds no whole invitation; ask for another.");
      const own = await ownPerson(parts.store.db, who.accountId);
      const site = parts.siteUrl();
      if (own === null || site === null) return noSite;
      const { host } = new URL(share.origin);
      const found = await parts.peers.discover(host, ask);
      if (found.kind === "try-later") return found;
      if (found.kind === "no-peer") return no(found.because, found.detail);
      const body = { recipientProvider: new URL(site).host, token, userId: own.userID, ...own };
      const asked: PeerAsk = { ...ask, what: "accept invitation" };
      const posted = await parts.peers.post(found.peer, "/invite-accepted", body, asked);
      return outcomeOf(posted, { host, who }, parts);
    },
    leave: async () => ({ kind: "left" }),
  };
}

interface Place {
  /** `host[:port]` of whoever invited. */
  readonly host: string;
  readonly who: Follower;
}

/** Errors of servers differ, what they mean does not (reference/ocm.md 4.2, 8). */
async function outcomeOf(posted: PeerPosted, place: Place, parts: FederationParts): Promise<FollowReply> {
  if (posted.kind === "try-later") return posted;
  if (posted.kind === "refused") return no(posted.because, posted.detail);
  const { status, body, retryAfterMs } = posted;
  const { host } = place;
  if (status === 200 || status === 201) return added(body, place, parts);
  if (status === 409) return acceptedBefore(place, parts);
  if (status === 429 || (status >= 500 && status !== 501)) {
    const detail = `${host} answered ${status}; it is asked again later.`;
    return { kind: "try-later", because: "peer-not-ready", detail, retryAfterMs };
  }
  return refused(status, host);
}

function refused(status: number, host: string): NotFollowed {
  if (status === 400 || status === 404 || status === 410) {
    const detail = `${host} does not know the invitation (any more): it was used, withdrawn, or its time is over. Ask the sender for another.`;
    return no("invitation-over", detail);
  }
  if (status === 401 || status === 403) {
    const detail = `${host} does not accept people of this server; its administrator can allow it.`;
    return no("not-trusted-there", detail, "FORBIDDEN");
  }
  return no("no-invitations-there", `${host} does not take answers to invitations (status ${status}).`);
}

const personSchema = z.object({
  userID: z.string().max(limits.ocmTextChars).optional(),
  userId: z.string().max(limits.ocmTextChars).optional(),
  email: z.string().max(limits.ocmTextChars).optional().catch(undefined),
  name: z.string().max(limits.ocmTextChars).optional().catch(undefined),
});

async function added(body: unknown, place: Place, parts: FederationParts): Promise<FollowReply> {
  const { host, who } = place;
  if (typeof body !== "object" || body === null) {
    const detail = `${host} gave an answer that nobody can read; it is asked again later.`;
    return { kind: "try-later", because: "answer-not-understood", detail, retryAfterMs: null };
  }
  const said = personSchema.safeParse(body);
  const of = { account_id: who.accountId, host, came_by: "invite-accepted" } as const;
  const id = await parts.store.transaction(async (db) =>
    said.success ? keepContact(db, of, said.data, parts) : null,
  );
  if (id === null) return acceptedBefore(place, parts);
  parts.tell("invite-accepted", { host, side: "receiving" });
  return contactAdded(host);
}

/** By this account, where the answer to it was lost, or by somebody whom the same invitation was given to. */
async function acceptedBefore({ host, who }: Place, { store }: FederationParts): Promise<Settled> {
  const known = await ocmContactsAt(store.db, who.accountId, host);
  if (known.some(({ came_by: by }) => by === "invite-accepted")) return contactAdded(host);
  const detail = `${host} has the invitation as accepted, and does not say whom it knows now; where nothing arrives from there, ask the sender for another.`;
  return { kind: "settled", because: "accepted-before", detail };
}

function contactAdded(host: string): Settled {
  const detail = `The sender at ${host} and the account know each other now; what is shared from there is kept for its answer.`;
  return { kind: "settled", because: "contact-added", detail };
}

function no(because: string, detail: string, state: NotFollowed["state"] = "UNRESOLVABLE"): NotFollowed {
  return { kind: "no", state, because, detail };
}

const noSite: NotFollowed = {
  kind: "no",
  state: "UNSUPPORTED",
  because: "no-site",
  detail:
    "Invitations from cloud to cloud need an address of this site: set server.publicUrl in the configuration, and ocm.enabled.",
  isCurable: true,
};
