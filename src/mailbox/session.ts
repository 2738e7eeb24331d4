/** The port to one mailbox on an IMAP server (RFC 9051). `mailbox/imap-session.ts` implements it on imapflow. */
export interface MailboxSession extends AsyncDisposable {
  /** Opens a folder read-only (EXAMINE). */
  open(folder: string): Promise<FolderStatus>;
  /**
   * Candidate header fields of all messages of the open folder with `fromUid` <= UID <= `toUid`, in bulk and streamed.
   * Never sets \Seen.
   */
  headers(fromUid: number, toUid: number, fields: readonly string[]): AsyncIterable<HeaderRow>;
  /** The first `bytes` bytes of one message by BODY.PEEK; null when the UID is gone. */
  prefix(uid: number, bytes: number): Promise<Buffer | null>;
  /** Smallest UID of mail received on or after the day of `sinceMs`; null when there is none. */
  firstUidSince(sinceMs: number): Promise<number | null>;
  /** Smallest UID of the open folder that is not below `uid`; null when there is none. */
  firstUidFrom(uid: number): Promise<number | null>;
  /**
   * Resolves when the server announces new mail in the open folder, or after `maxMs`; with `orGone` also when it says that
   * mail left the folder.
   */
  waitForMail(maxMs: number, signal: AbortSignal, wakes?: { readonly orGone: boolean }): Promise<void>;
  /** The parts of one message that hold its own text, and its header; null when the UID is gone. Never more than the limits. */
  slim(uid: number): Promise<SlimMail | null>;
  /**
   * Text parts of many messages, each cut at `bytesEach`, decoded; for looking whether a mail can still be a share. In no
   * order.
   */
  texts(uids: readonly number[], bytesEach: number): AsyncIterable<TextRow>;
  /** Flags and keywords of one message; null when the UID is gone. */
  flags(uid: number): Promise<readonly string[] | null>;
  /** INTERNALDATE of one message (RFC 9051 section 2.3.3), ms since 1970: a moved mail keeps it. Null when the UID is gone. */
  receivedAt(uid: number): Promise<number | null>;
  /** Folders with their special use (RFC 6154), for example \Junk. */
  folders(): Promise<readonly ListedFolder[]>;
  /** The path of a folder among the account's own folders, with the server's prefix and separator. */
  pathOf(names: readonly string[]): string;
  /** Changes to the mailbox; each opens the folder for writing and back. */
  readonly change: MailboxChanges;
  /** What an administrator wants to know of the connection. */
  readonly features: { readonly tls: string | null; readonly hasIdle: boolean };
}

/** One message rebuilt from its header block and its bounded text parts, as RFC 5322 bytes. */
export interface SlimMail {
  readonly raw: Buffer;
  /** `raw` is the mail as it lies there, byte for byte: its signature can be verified. */
  readonly isWhole: boolean;
  /** Size of the mail on the server. */
  readonly sizeBytes: number;
  /** What was left out though it may matter, in words for a record. */
  readonly problems: readonly string[];
}

export interface TextRow {
  readonly uid: number;
  /** Null where it cannot be had this way: the mail is gone, or has to be read by itself. */
  readonly text: string | null;
}

/** Lends the live connection of a mailbox. Throws MailboxError (temporary) where there is none now. */
export type WithSession = <T>(mailboxId: string, use: (session: MailboxSession) => Promise<T>) => Promise<T>;

export interface ListedFolder {
  readonly path: string;
  /** `\Junk`, `\Trash` ...; null for an ordinary folder. */
  readonly specialUse: string | null;
}

/** Every change may be repeated: it is done once, or finds that it was done. */
export interface MailboxChanges {
  /** Adds and removes keywords (RFC 9051 section 2.3.2); false where the server keeps none. */
  keywords(
    folder: string,
    uid: number,
    change: { readonly add: readonly string[]; readonly remove: readonly string[] },
  ): Promise<boolean>;
  /**
   * Moves one message, and makes the folder `to` where there is none; its new place where the server tells it (UIDPLUS),
   * null where the message is gone.
   */
  move(folder: string, uid: number, to: string): Promise<NewPlace | "moved" | null>;
  /** Makes a folder, subscribed; true where it was new. */
  createFolder(path: string): Promise<boolean>;
}

/** Where a moved message lies. */
export interface NewPlace {
  readonly uidValidity: number;
  readonly uid: number;
}

export interface FolderStatus {
  readonly uidValidity: number;
  readonly uidNext: number;
  readonly exists: number;
}

export interface HeaderRow {
  readonly uid: number;
  readonly sizeBytes: number;
  /** Raw text of the fields asked for. */
  readonly headerText: string;
}

/** Why a mailbox could not be asked. */
export class MailboxError extends Error {
  override readonly name = "MailboxError";
  readonly reason: MailboxReason;
  readonly temporary: boolean;

  constructor(reason: MailboxReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
    this.temporary = !permanentReasons.has(reason);
  }
}

export type MailboxReason =
  /**
   * [AUTHENTICATIONFAILED], [AUTHORIZATIONFAILED] or [EXPIRED] of RFC 5530 and nothing else: throttling is not a wrong
   * password.
   */
  | "authentication-failed"
  /** Configuration or key do not fit the mailbox; it can be reached once they do. */
  | "unusable"
  /** The login name could be read as another user's; it is never sent. */
  | "unsafe-login"
  | "no-such-folder"
  | "throttled"
  /** Rights are missing: [NOPERM] of RFC 5530, or a folder that opens read-only. */
  | "not-permitted"
  /** The server said NO or BAD without a code that tells more. */
  | "refused"
  | "unreachable"
  | "tls"
  | "timeout"
  | "connection-lost"
  | "protocol";

const permanentReasons: ReadonlySet<MailboxReason> = new Set([
  "authentication-failed",
  "unsafe-login",
  "no-such-folder",
  "not-permitted",
]);

/** Whether the server answered, and said no without harm to the connection. */
export function isRefusal(error: unknown): boolean {
  return error instanceof MailboxError && refusals.has(error.reason);
}

const refusals: ReadonlySet<MailboxReason> = new Set(["refused", "no-such-folder", "not-permitted"]);
