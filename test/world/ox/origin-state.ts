import type { DocumentHabit } from "./documents.ts";
import type { OxReply } from "./wire.ts";
import type { Sessions } from "./sessions.ts";
import type { Shares } from "./shares.ts";

export interface LoginCount {
  readonly successful: number;
  readonly failed: number;
}

/** What a link's redirect tells only to those who redeem its token (reference/ox.md 4.1). */
type StoredLocation = Readonly<Record<string, string>>;

/** Ways in which an origin answers a link differently; all off at first. */
export interface LinkHabits {
  redirectTo: string | null;
  twoLocations: boolean;
  noLocation: boolean;
  redirectStatus: number;
  sessionOnlyInCookie: boolean;
  /** The fragment brings neither a session nor a login type, and no cookies. */
  withoutSession: boolean;
  /** Older servers put no status into the answer of redeem. */
  redeemTellsStatus: boolean;
  internalError: boolean;
  blacklistedGuests: Set<string>;
  /** `folders?action=get` answers with another folder than the one asked for. */
  otherFolder: boolean;
  /** Every API answer says text/html, as a server behind an upload frame does. */
  asHtml: boolean;
  documents: DocumentHabit;
  /** `infostore?action=all` is refused. */
  refusesLists: boolean;
}

export interface OriginState {
  readonly shares: Shares;
  readonly sessions: Sessions;
  readonly habits: LinkHabits;
  readonly locations: Map<string, StoredLocation>;
  readonly linkOpens: Map<string, number>;
  readonly logins: Map<string, LoginCount>;
  readonly jobs: Map<string, { readonly reply: OxReply; polls: number }>;
  /** The next so many calls of the API become jobs, each done after `jobPolls` polls. */
  jobsToCome: number;
  jobPolls: number;
  refuse(what: string): void;
}

export function countLogin(state: OriginState, token: string, outcome: keyof LoginCount): void {
  const count = state.logins.get(token) ?? { successful: 0, failed: 0 };
  state.logins.set(token, { ...count, [outcome]: count[outcome] + 1 });
}

export function plainHabits(): LinkHabits {
  return {
    redirectTo: null,
    twoLocations: false,
    noLocation: false,
    redirectStatus: 302,
    sessionOnlyInCookie: false,
    withoutSession: false,
    redeemTellsStatus: true,
    internalError: false,
    blacklistedGuests: new Set(),
    otherFolder: false,
    asHtml: false,
    documents: "ranges",
    refusesLists: false,
  };
}
