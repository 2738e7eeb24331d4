/** The port for pages of instance hosts and of Open Cloud Mesh: whole HTML documents. `locale`: BCP 47 tag. `http/pages/pages.ts` writes them. */
export interface PeerPages {
  explained(locale: string, what: ExplainedLink): string;
  discovery(locale: string, page: DiscoveryPage): string;
  invite(locale: string, page: InvitePage): string;
  inviteHome(locale: string, page: InviteHomePage): string;
  inviteAccept(locale: string, page: InviteAcceptPage): string;
  inviteNoted(locale: string, page: InviteNotedPage): string;
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

/** A host name as it is asked, and in letters of its own script. */
export interface ShownHost {
  /** `host[:port]`, A-labels. */
  readonly asked: string;
  readonly shown: string;
}

/** Somebody invited tells where he is at home ("where are you from"). */
export interface InvitePage {
  readonly sharerName: string;
  /** Servers to pick from. */
  readonly servers: readonly { readonly name: string; readonly host: string }[];
  /** What he typed. */
  readonly typed: string;
  /** Why that did not do; null before anything was sent. */
  readonly problem: InviteProblem | null;
  readonly formToken: string;
}

export type InviteProblem =
  /** No host can be read from what he typed. */
  | "not-an-address"
  /** Nothing there speaks Open Cloud Mesh, or nobody may speak with it. */
  | "not-a-cloud"
  /** It did not answer now. */
  | "not-reached";

/** Where he goes on, shown before he goes there. */
export interface InviteHomePage {
  readonly sharerName: string;
  readonly home: ShownHost;
  /** Page of his home server, with the invitation, a secret; null where it has none, and he pastes the code there. */
  readonly link: string | null;
  /** Secrets, as his server asks for one of them. */
  readonly code: string;
  readonly inviteString: string;
}

/** Another server sent somebody here who wants to accept an invitation with an account of this site. */
export interface InviteAcceptPage {
  /** Who invites. */
  readonly provider: ShownHost;
  readonly typed: string;
  /** He typed no mail address. */
  readonly hasProblem: boolean;
  readonly formToken: string;
}

/** The same whether an account of this site has the address or not. */
export interface InviteNotedPage {
  readonly provider: ShownHost;
  readonly address: string;
}
