import type { HomeKind } from "../domain/home.ts";
import type { MailView } from "../domain/mail.ts";
import type { ModuleName, ProtocolName, ShareNotification } from "../domain/share.ts";
import type { LinkState } from "../domain/subscription.ts";

/** What a protocol can do; callers ask these flags, never the protocol's name. */
export interface Capabilities {
  /** The origin can be told that the account does not want the share. */
  readonly canRefuse: boolean;
  /** Usher itself can follow the share at the origin. */
  readonly canFollow: boolean;
  /** The account's home server can follow the share in his name. */
  readonly canFollowAtHome: boolean;
  /** The content behind a subscription can be listed. */
  readonly canBrowse: boolean;
}

/** The pure half of a protocol: reading its mails. Imports no package and does no I/O. */
export interface MailReader {
  readonly name: ProtocolName;
  /** Header fields (lower-case) whose presence alone makes a mail worth reading whole. */
  readonly headers: readonly string[];
  /** Further header fields (lower-case) from which a notification is read: a signature must cover these too. */
  readonly alsoReads?: readonly string[];
  /**
   * Whether a mail with this text can be one of this protocol: a few constant substrings, linear in the length. Takes one
   * text part, plain or HTML, transfer encoding and charset undone, as it stands. Often true for mails that are none, never
   * false for one that is; always false where header fields alone decide.
   */
  mayAnnounce(text: string): boolean;
  /** The notification in a mail, why a mail of this protocol is none, or null. */
  detect(mail: MailView): ShareNotification | NotAnnounced | null;
  /**
   * The share behind a link that somebody announces as one; null for a link of another form. Left out where a link alone
   * tells nothing.
   */
  readLink?(text: string): LinkedShare | null;
  /**
   * Header fields (lower-case) of this mail that decide alone and that anybody could add to a mail of somebody else: the
   * sender is believed only where the signatures of the mail cover them. Left out: a signature that is verified here must
   * cover `headers` and `alsoReads`, whoever receives the mail is believed without.
   */
  mustBeSigned?(mail: MailView): readonly string[];
}

/** A mail of a protocol from which no notification follows. */
export interface NotAnnounced {
  /** A kebab-case reason. */
  readonly not: string;
  /** The share that the mail says is over. */
  readonly revoked?: ShareNotification;
}

/** What a link alone tells of a share. */
export type LinkedShare = Omit<ShareNotification, "sharer" | "title">;

/** One thing named by a share link, as far as the link tells. */
export interface ShareTarget {
  readonly module: ModuleName | null;
  readonly folder: string | null;
  readonly item: string | null;
}

/** A share that an account wants to follow. */
export interface Share {
  readonly notificationId: string;
  /** `https://host[:port]`. */
  readonly origin: string;
  readonly variant: string;
  /** What the mail calls it; null where it does not say. */
  readonly title: string | null;
  /** Who shares, as the mail names him. */
  readonly sharerName: string;
  /** Secret. */
  readonly link: string;
  /** Secret. */
  readonly password: string | null;
  readonly targets: readonly ShareTarget[];
}

/** The account as an origin client needs to know it. */
export interface Follower {
  readonly accountId: string;
  /** `https://host[:port]` of the account's own instance host; null where it has none. */
  readonly instanceUrl: string | null;
  /** All of the account's addresses, as stored. */
  readonly addresses: readonly string[];
  readonly modules: readonly ModuleName[];
  /** The kinds of home servers that the account has. */
  readonly homes: readonly HomeKind[];
  readonly locale: string;
}

/** One request to another server, for the decision record. No secrets: addresses are shortened. */
export interface Call {
  readonly what: string;
  readonly method: string;
  readonly url: string;
  /** HTTP status; null where no answer came. */
  readonly status: number | null;
  /** What the answer meant: `ok`, an error code of the origin, or the refusal's name. */
  readonly meaning: string;
  readonly tookMs: number;
}

export interface FolderEntry {
  readonly id: string;
  readonly name: string;
  readonly kind: "folder" | "file";
  /** Bytes; null for folders and where the origin does not tell. */
  readonly sizeBytes: number | null;
}

export interface FollowedFolder {
  readonly module: ModuleName;
  readonly folder: string;
  readonly title: string;
  /** At most limits.folderEntries. */
  readonly entries: readonly FolderEntry[];
}

/** What stands after a share was followed or checked. */
export interface Followed {
  readonly kind: "followed";
  readonly state: "SUBSCRIBED";
  /** Who the origin says the account is there. */
  readonly guest: string | null;
  readonly folders: readonly FollowedFolder[];
  /** Targets of the share that were left, each with a kebab-case reason; one folder is enough to follow a share. */
  readonly notFollowed?: readonly { readonly target: ShareTarget; readonly because: string }[];
  /** The home server's own names for the subscription: account and folder. */
  readonly homeAccount: string | null;
  readonly homeFolder: string | null;
  /** A sentence for a person who should know more than that it is followed. */
  readonly note?: string;
}

/** A final answer: trying again changes nothing until somebody acts. `because` is a kebab-case reason. */
export interface NotFollowed {
  readonly kind: "no";
  readonly state: Exclude<LinkState, "SUBSCRIBED" | "ADDABLE" | "INACCESSIBLE">;
  readonly because: string;
  /** A sentence for a person: what is wrong and the way out. */
  readonly detail: string;
  /** The administrator can give the account what is missing: until then the share is held, not failed. */
  readonly isCurable?: true;
}

/** Nothing is decided: the origin could not be asked. */
export interface TryLater {
  readonly kind: "try-later";
  readonly because: string;
  readonly detail: string;
  readonly retryAfterMs: number | null;
}

/** The answer itself was all: nothing stands that would be looked at again, as with an accepted invitation. Of `follow` alone. */
export interface Settled {
  readonly kind: "settled";
  /** A kebab-case reason, for example `contact-added`. */
  readonly because: string;
  /** A sentence for a person. */
  readonly detail: string;
}

export type FollowReply = Followed | Settled | NotFollowed | TryLater;
export type LeaveReply = { readonly kind: "left" } | NotFollowed | TryLater;

/**
 * One way to follow shares of a protocol: by Usher itself at the origin, or through a home server.
 * Every call may be repeated after a crash: following twice is following once, leaving what is gone is leaving.
 * Expected answers of the other side are values; a throw is a bug.
 */
export interface FollowWay {
  /** Opens the share for the first time and proves that its folders are visible. */
  follow(share: Share, who: Follower, ask: Ask): Promise<FollowReply>;
  /** Looks whether what stands still stands. */
  check(share: Share, who: Follower, ask: Ask): Promise<FollowReply>;
  /** Ends the subscription where the other side keeps one. */
  leave(share: Share, who: Follower, ask: Ask): Promise<LeaveReply>;
  /** Tells the origin that the account does not want the share; only where `capabilities.canRefuse`. May be repeated. */
  refuse?(share: Share, who: Follower, ask: Ask): Promise<LeaveReply>;
  /** Lists one folder behind the share, live; only where `capabilities.canBrowse`. `path` is relative to the share, `` its root. */
  browse?(share: Share, who: Follower, path: string, ask: Ask): Promise<BrowseReply>;
  /** Streams one file behind the share, live, whole or one range; only where `capabilities.canBrowse`. */
  open?(share: Share, who: Follower, wanted: WantedFile, ask: Ask): Promise<OpenReply>;
}

export type BrowseReply =
  | { readonly kind: "listed"; readonly path: string; readonly entries: readonly FolderEntry[] }
  | { readonly kind: "no-such-path"; readonly path: string }
  | NotFollowed
  | TryLater;

export interface WantedFile {
  /** Names separated by `/`, relative to the share. */
  readonly path: string;
  /** RFC 9110 section 14.1.2, one byte range: first and last byte, both counted; null for all. */
  readonly range: { readonly first: number; readonly last: number | null } | null;
}

export type OpenReply =
  | OpenedFile
  | { readonly kind: "no-such-path"; readonly path: string }
  | { readonly kind: "is-a-folder"; readonly path: string }
  | { readonly kind: "range-not-satisfiable"; readonly sizeBytes: number | null }
  | NotFollowed
  | TryLater;

/** Must be disposed of: it ends the session at the origin. */
export interface OpenedFile extends AsyncDisposable {
  readonly kind: "opened";
  readonly name: string;
  readonly mediaType: string;
  readonly sizeBytes: number | null;
  /** What of the file the body holds; null for all of it. */
  readonly range: { readonly first: number; readonly last: number; readonly ofBytes: number | null } | null;
  readonly etag: string | null;
  readonly body: AsyncIterable<Uint8Array>;
}

/** What every call to another server is given. */
export interface Ask {
  readonly signal: AbortSignal;
  /** Called once for each request made, in order. */
  readonly record: (call: Call) => void;
}

/** A protocol as the receiving flow sees it. */
export interface Protocol {
  readonly name: ProtocolName;
  readonly capabilities: Capabilities;
  /** Variants of mails that announce nothing to follow, for example a password reset. */
  readonly ignoredVariants: readonly string[];
  /** Variants whose origin cannot be told of a refusal, although `capabilities.canRefuse`. */
  readonly unrefusableVariants?: readonly string[];
  /** Why the share cannot be followed, decided before any request; null when it can. */
  restriction(share: ShareFacts, who: Follower): NotFollowed | null;
  /** How this account follows shares of this protocol and variant. */
  way(account: FollowerHomes, variant: string): { readonly via: "usher" | "home"; readonly way: FollowWay };
}

/** A share without its secrets. */
export type ShareFacts = Omit<Share, "link" | "password" | "notificationId" | "title" | "sharerName">;

/** Where the account is at home, as far as following is concerned. */
export interface FollowerHomes {
  /** At most one of each kind. */
  readonly homes: readonly FollowerHome[];
}

export interface FollowerHome {
  readonly kind: HomeKind;
  /** OX: the API prefix; else `https://host[:port][/path]`, without a slash at the end. */
  readonly baseUrl: string;
  readonly login: string;
  /** Asked for only when used. */
  readonly password: () => string;
}
