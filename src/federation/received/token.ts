import { setTimeout as wait } from "node:timers/promises";
import { limits } from "../../domain/limits.ts";
import type { Peer } from "../../protocols/ocm/peer.ts";
import type { Ask } from "../../protocols/protocol.ts";
import {
  claimExchange,
  endExchange,
  followedShareById,
  openShareSecret,
  openShareToken,
} from "../../store/ocm-followed-shares.ts";
import type { ReceivedShareRow } from "../../store/ocm-received-shares.ts";
import type { FederationParts } from "../parts.ts";
import { type Trouble, trouble } from "../trouble.ts";
import { type Exchanged, requestToken } from "./token-request.ts";

/** What opens a share: a token, or the secret itself where its peer does not exchange it. */
export type Opener =
  | { readonly kind: "token"; readonly token: string }
  | { readonly kind: "plain" }
  | Trouble;

/** What a token is wanted for. */
export interface TokenWanted {
  /** Of the share. */
  readonly id: string;
  readonly peer: Peer;
  /** The share opens with a token alone; else the secret will do where the peer gives none. */
  readonly mustExchange: boolean;
  /** A token that the peer no longer takes; null for none. */
  readonly stale: string | null;
}

export type TokenFor = (wanted: TokenWanted, ask: Ask) => Promise<Opener>;

/**
 * Gives the access tokens of received shares. They are kept in the rows while they count. A new one ends the one before
 * (reference/ocm.md 4.7), so one caller alone exchanges: within this process the others wait for him, and beside it the row says
 * that somebody is at it. Who waited takes what is in the row then.
 */
export function createTokenFor(parts: FederationParts): TokenFor {
  const running = new Map<string, Promise<Opener | null>>();
  /** Shares whose peer offers to exchange and did not: until when it is not asked again. */
  const plainUntil = new Map<string, number>();

  return async (wanted, ask) => {
    const { id } = wanted;
    const givenUpAt = Date.now() + limits.ocmExchangeMs;
    while (!ask.signal.aborted && Date.now() < givenUpAt) {
      const others = running.get(id);
      if (others === undefined) {
        if ((plainUntil.get(id) ?? 0) > Date.now()) return { kind: "plain" };
        const own = exchangeAlone(parts, wanted, ask).finally(() => running.delete(id));
        running.set(id, own);
        const opener = await own;
        if (opener?.kind === "plain") plainUntil.set(id, Date.now() + limits.ocmForeignTokenMs);
        if (opener !== null) return opener;
        await endOf(wait(limits.ocmExchangePollMs), ask);
      } else await endOf(others, ask);
    }
    return trouble(ask.signal.aborted ? "called-off" : "unreachable");
  };
}

/** Null where another process is at it. */
async function exchangeAlone(parts: FederationParts, wanted: TokenWanted, ask: Ask): Promise<Opener | null> {
  const { store, sealer } = parts;
  const begun = await store.transaction(async (db) => {
    const row = await followedShareById(db, wanted.id);
    if (row === undefined) return trouble("share-gone");
    const nowMs = Date.now();
    const token = openShareToken(sealer, row, nowMs);
    if (token !== null && token !== wanted.stale) return { kind: "token", token } as const;
    const isClaimed = await claimExchange(db, row.id, { nowMs, untilMs: nowMs + limits.ocmExchangeMs });
    return isClaimed ? ({ kind: "claimed", row } as const) : null;
  });
  if (begun?.kind !== "claimed") return begun;
  const { row } = begun;
  const clientId = new URL(parts.siteUrl() ?? "https://invalid").host;
  const secret = openShareSecret(sealer, row);
  const exchanged = await requestToken(parts.peers, wanted.peer, { secret, clientId }, ask);
  const { opener, isExchanged } = judged(exchanged, row, wanted.mustExchange);
  const outcome = exchanged.kind === "token" ? exchanged : { isExchanged };
  await store.transaction(async (db) => endExchange(db, sealer, row.id, outcome));
  return opener;
}

interface Judged {
  readonly opener: Opener;
  /** Whether the secret may have been exchanged by now. */
  readonly isExchanged: boolean;
}

/**
 * A peer that merely offers to exchange may leave it: then the secret opens the share, unless a token was ever given for it.
 * Where no answer came, the secret counts as exchanged, and is not shown to WebDAV any more.
 */
function judged(exchanged: Exchanged, row: ReceivedShareRow, mustExchange: boolean): Judged {
  const before = row.is_exchanged === 1;
  switch (exchanged.kind) {
    case "token":
      return { opener: exchanged, isExchanged: true };
    case "trouble":
      return { opener: exchanged, isExchanged: before || exchanged.name !== "request-refused" };
    case "no-such-share":
      if (mustExchange || before) return { opener: trouble("share-gone"), isExchanged: before };
      return { opener: { kind: "plain" }, isExchanged: false };
    case "not-exchanged":
      if (mustExchange || row.token_sealed !== null)
        return { opener: trouble("token-refused"), isExchanged: before };
      return { opener: { kind: "plain" }, isExchanged: false };
    default:
      return exchanged satisfies never;
  }
}

/** Waits until the work ends, well or not, or is called off. */
async function endOf(work: Promise<unknown>, { signal }: Ask): Promise<void> {
  await new Promise<void>((resolve) => {
    const end = (): void => resolve();
    signal.addEventListener("abort", end, { once: true });
    void work.then(end, end);
  });
}
