import type { Transaction } from "kysely";
import type { ServerConfig } from "../../config/config.ts";
import type { Evidence } from "../../domain/evidence.ts";
import type { JobQueue } from "../../jobs/queue.ts";
import type { Log } from "../../observe/log.ts";
import type { BrowseReply, OpenReply, WantedFile } from "../../protocols/protocol.ts";
import type { NotificationRow } from "../../store/notifications.ts";
import type { NotificationState, Schema } from "../../store/schema.ts";
import type { Sealer } from "../../store/sealing.ts";
import type { Store } from "../../store/store.ts";
import type { PeerRoute, SiteRoute } from "../peer-route.ts";
import type { Invites } from "./invite-parts.ts";
import type { InvitationAnsweredPage, InvitationPage, Sharings } from "./sharing-parts.ts";

/** What the composition root gives the server. */
export interface ServerParts {
  /** Asked anew for each request; where it listens counts at the start only. */
  readonly settings: () => ServerConfig;
  readonly store: Store;
  readonly sealer: Sealer;
  readonly queue: JobQueue;
  readonly log: Log;
  /** Loaded with the first answer; never awaited inside a transaction. */
  readonly answers: () => Promise<Answers>;
  readonly files: SharedFiles;
  readonly sharings: Sharings;
  /** Loaded with the first request about one; never awaited inside a transaction. */
  readonly invites: () => Promise<Invites>;
  readonly pages: Pages;
  /** What accounts' own hosts serve; loaded with the first request to one. */
  readonly instanceRoutes: () => Promise<readonly PeerRoute[]>;
  /** What the site serves to other servers of Open Cloud Mesh; loaded with the first request of one. */
  readonly federationRoutes: () => Promise<readonly SiteRoute[]>;
}

type Tx = Transaction<Schema>;

export interface AnswerBy {
  /** `page` or `api: <token name>`. */
  readonly by: string;
}

/** The one path of all answers. Each runs in the transaction it is given. */
export interface Answers {
  accept(
    db: Tx,
    id: string,
    answer: AnswerBy & { readonly password: string | null; readonly trust: boolean },
  ): Promise<Answered>;
  ignore(db: Tx, id: string, answer: AnswerBy): Promise<Answered>;
  refuse(db: Tx, id: string, answer: AnswerBy): Promise<Answered>;
  /** Plans a look at the origin now. */
  check(db: Tx, subscriptionId: string, password: string | null): Promise<unknown>;
  /** Plans the end of a subscription. */
  leave(db: Tx, subscriptionId: string, by: string): Promise<unknown>;
  /** Why the notification cannot be accepted, for a person; null where it can. */
  whyNotAccepted(row: NotificationRow): string | null;
}

export type Answered =
  | {
      readonly kind: "planned";
      readonly state: NotificationState;
      /** What a person should know about how it was done. */
      readonly note: string | null;
      readonly trust: TrustOutcome | null;
    }
  | { readonly kind: "unchanged"; readonly why: string }
  | { readonly kind: "not-found" };

/** What became of "trust this sender from now on". */
export type TrustOutcome =
  | { readonly kind: "trusted"; readonly address: string }
  | { readonly kind: "not-trusted"; readonly because: string };

/** Looks behind an open subscription, live. Nothing is kept, and the store is not written. */
export interface SharedFiles {
  browse(subscriptionId: string, path: string, signal: AbortSignal): Promise<Looked<BrowseReply>>;
  /** Where it is `opened`, it must be disposed of. */
  open(subscriptionId: string, wanted: WantedFile, signal: AbortSignal): Promise<Looked<OpenReply>>;
}

export type Looked<Reply> = Reply | { readonly kind: "cannot-browse"; readonly detail: string };

/** Pages for people, whole HTML documents. */
export interface Pages {
  answer(locale: string, page: AnswerPage): string;
  answered(locale: string, page: AnsweredPage): string;
  invitation(locale: string, page: InvitationPage): string;
  invitationAnswered(locale: string, page: InvitationAnsweredPage): string;
  /** One page for every secret that opens nothing; `null`: nobody knows whose it was. */
  noLongerValid(locale: string | null): string;
  /** The stylesheet that the pages name. */
  readonly stylesheet: { readonly path: string; readonly css: string };
}

/** What an account sees before it answers. All texts of strangers are escaped by the page. */
export interface AnswerPage {
  readonly title: string | null;
  readonly module: string | null;
  readonly isInvitation: boolean;
  readonly sharerName: string;
  readonly sharerAddress: string;
  /** `https://host[:port]`. */
  readonly origin: string;
  readonly state: NotificationState;
  /** Kebab-case reason of the state, and the reason for a person; null where the state says all. */
  readonly reason: string | null;
  readonly detail: string | null;
  /** What the record says about believing the mail that the page shows; null where it says nothing. */
  readonly evidence: Evidence | null;
  /** The share wants a guest password. */
  readonly asksPassword: boolean;
  /** Why it cannot be accepted, for a person; null where it can. */
  readonly whyNot: string | null;
  /** Null where there is nothing left to answer. */
  readonly form: { readonly action: string; readonly token: string } | null;
}

export interface AnsweredPage {
  readonly title: string | null;
  readonly isInvitation: boolean;
  readonly sharerName: string;
  readonly sharerAddress: string;
  readonly outcome: "accepted" | "ignored" | "unchanged";
  /** For a person; null for nothing to say. */
  readonly detail: string | null;
}
