import type { OxServer } from "./server.ts";
import type { Sessions } from "./sessions.ts";
import type { Folder, Guest } from "./shares.ts";
import type { ShareLink } from "./token.ts";
import type { OxError } from "./wire.ts";
import type { Visit } from "./visitor.ts";

export interface HomeUserSpec {
  readonly name: string;
  readonly password: string;
  readonly mail: string;
  readonly aliases?: readonly string[];
  /** `webmail`, `infostore` and `filestorage_xox` unless given. */
  readonly capabilities?: readonly string[];
}

export interface HomeUser {
  readonly name: string;
  readonly password: string;
  readonly mail: string;
  readonly aliases: readonly string[];
  readonly capabilities: ReadonlySet<string>;
  readonly userId: number;
}

/** What stands between a user and one share: a file storage or calendar account (reference/ox.md 4.6). */
export interface HomeAccount {
  readonly id: string;
  readonly user: string;
  readonly provider: ProviderName;
  readonly link: ShareLink;
  password: string | null;
  readonly displayName: string;
  /** Root folders that are subscribed; the account goes with the last one. */
  readonly subscribed: Set<string>;
  /** Root folder of each linked folder that was reached once. */
  readonly roots: Map<string, string>;
}

export type ProviderName = "xctx" | "xox" | "calendar";

/** Guests of another context of the same installation, which needs no HTTP (reference/ox.md, section 6). */
export interface Installation {
  /** The guest behind a token, as a server of the same installation resolves it; null where there is none. */
  resolveGuest(token: string): Guest | null;
  sees(token: string, folder: string): boolean;
  folder(id: string): Folder | null;
  /** Folders below one that the guest sees. */
  below(token: string, parent: string): readonly Folder[];
}

export interface HomeState {
  readonly users: Map<string, HomeUser>;
  readonly accounts: Map<string, HomeAccount>;
  readonly sessions: Sessions;
  readonly installation: Installation | null;
  /** Older 7.10.5 builds answer some links differently (reference/ox.md, section 7). */
  olderBuild: boolean;
  readonly visit: (link: ShareLink, password: string | null) => Promise<Visit>;
  readonly refuse: OxServer["refuse"];
  readonly counts: { logins: number; failedLogins: number; nextAccount: number };
}

/** Answer of `analyze`; `error` comes beside a state that is no success. */
export interface Analysis {
  readonly state: string;
  readonly error?: OxError;
  readonly account?: string;
  readonly module?: string;
  readonly folder?: string;
}

/** Whether an address is one of the user's; compared without regard to case, which the reference leaves open. */
export function isAddressOf(user: HomeUser, mail: string): boolean {
  return [user.mail, ...user.aliases].some((own) => own.toLowerCase() === mail.toLowerCase());
}

/** The account for the same host and the same guest (reference/ox.md 5.2). */
export function accountFor(state: HomeState, user: HomeUser, link: ShareLink): HomeAccount | null {
  const own = [...state.accounts.values()].filter((account) => account.user === user.name);
  const host = hostOfLink(link);
  return own.find((each) => each.link.token === link.token && hostOfLink(each.link) === host) ?? null;
}

export function hostOfLink(link: ShareLink): string {
  return new URL(link.origin).host;
}
