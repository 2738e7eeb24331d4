/** The port for pages of instance hosts: whole HTML documents. `locale`: BCP 47 tag. `http/pages/pages.ts` writes them. */
export interface PeerPages {
  explained(locale: string, what: ExplainedLink): string;
  discovery(locale: string, page: DiscoveryPage): string;
}

/** What a person should know who opened a link in a browser; nothing was changed by it. */
export type ExplainedLink =
  /** An invitation to the account, which is answered by its notice, its mailbox or its applications. */
  | "answered-elsewhere"
  /** Not a link of this host, not copied completely, or of something that has ended. */
  | "wrong-link"
  /** An invitation that somebody has accepted; each leads to one Cozy. */
  | "already-accepted";

/** Somebody invited tells where his Cozy is. */
export interface DiscoveryPage {
  readonly sharerName: string;
  /** What is shared, in the sharer's words; null for nothing said. */
  readonly description: string | null;
  /** What he typed, or what is known already. */
  readonly url: string;
  /** Why that did not do; null before anything was sent. */
  readonly problem: DiscoveryProblem | null;
  /** Fields of the form that he does not see; they may hold secrets. */
  readonly hidden: Readonly<Record<string, string>>;
}

export type DiscoveryProblem =
  /** No address of a Cozy can be read from what he typed. */
  | "not-an-address"
  /** He typed a mail address. */
  | "mail-address"
  /** There is no Cozy, or it did not answer as one. */
  | "not-reached"
  /** It is the sharer's own. */
  | "own-cozy";
