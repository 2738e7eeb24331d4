import { failureWords } from "../../domain/failure-words.ts";
import { dateText } from "../../domain/formats.ts";
import { limits } from "../../domain/limits.ts";
import { localeOf } from "../../domain/locale.ts";
import { oneLine } from "../../domain/one-line.ts";
import { personWords, type PersonWords, shareWords, type ShareWords } from "../../domain/share-words.ts";
import type {
  DiscoveryPage,
  InviteAcceptPage,
  InviteHomePage,
  InvitePage,
  PeerPages,
  ShownHost,
} from "../peer-pages.ts";
import type { AnsweredPage, AnswerPage, Pages } from "../server/parts.ts";
import type { InvitationAnsweredPage, InvitationPage } from "../server/sharing-parts.ts";
import { renderPage } from "./render-page.ts";
import { stylesheet } from "./stylesheet.ts";

/** The pages that the HTTP server shows to people. `siteName` is asked anew for each. */
export function createPages(siteName: () => string): Pages & PeerPages {
  const site = (): object => ({ name: oneLine(siteName(), limits.nameChars) });
  return {
    stylesheet,
    answer: (tag, page) => renderPage("answer", tag, { site: site(), ...answerValues(tag, page) }),
    answered: (tag, page) => renderPage("answered", tag, { site: site(), ...answeredValues(tag, page) }),
    invitation: (tag, page) =>
      renderPage("invitation", tag, { site: site(), ...invitationValues(tag, page) }),
    invitationAnswered: (tag, page) =>
      renderPage("invitation-answered", tag, {
        site: site(),
        outcome: page.outcome,
        ...sharedBy(tag, page),
      }),
    noLongerValid: (tag) => renderPage("no-longer-valid", tag ?? "", { site: site() }),
    explained: (tag, what) => renderPage("explained", tag, { site: site(), what }),
    discovery: (tag, page) => renderPage("discovery", tag, { site: site(), ...discoveryValues(page) }),
    invite: (tag, page) => renderPage("invite", tag, { site: site(), ...inviteValues(page) }),
    inviteHome: (tag, page) => renderPage("invite-home", tag, { site: site(), ...inviteHomeValues(page) }),
    inviteAccept: (tag, page) =>
      renderPage("invite-accept", tag, { site: site(), ...inviteAcceptValues(page) }),
    inviteNoted: (tag, { provider, address }) =>
      renderPage("invite-noted", tag, { site: site(), provider: hostWords(provider), address }),
  };
}

function answerValues(tag: string, page: AnswerPage): Readonly<Record<string, unknown>> {
  const { title, module, isInvitation, origin, evidence, state, whyNot, form, asksPassword } = page;
  const sharer = { name: page.sharerName, address: page.sharerAddress };
  const canAccept = form !== null && whyNot === null;
  const hasFailed = state === "failed" || state === "needs-password";
  return {
    state,
    share: shareWords({ title, module, isInvitation, sharer, origin, evidence }, localeOf(tag)),
    sharer: personWords(sharer),
    trouble: {
      shown: whyNot !== null || hasFailed,
      ...failureWords(
        { reason: page.reason, detail: whyNot ?? page.detail, isUnchanged: whyNot !== null },
        localeOf(tag),
      ),
    },
    form: {
      open: form !== null,
      action: form?.action ?? "",
      token: form?.token ?? "",
      can_accept: canAccept,
      can_decline: state !== "ignored",
      can_trust: evidence?.authentication.trusted === true && !evidence.isTrustedSender,
      asks_password: asksPassword,
      password_chars: limits.sharePasswordChars,
    },
  };
}

function answeredValues(tag: string, page: AnsweredPage): Readonly<Record<string, unknown>> {
  return {
    outcome: page.outcome,
    ...sharedBy(tag, { ...page, title: page.title ?? "" }),
    note: oneLine(page.detail ?? "", limits.remoteTextChars),
  };
}

function invitationValues(tag: string, page: InvitationPage): Readonly<Record<string, unknown>> {
  const { state, isMuted, form, expiresAtMs } = page;
  const { share, sharer } = sharedBy(tag, page);
  const isOver = state === "revoked" || state === "expired";
  return {
    state,
    muted: isMuted,
    share: {
      ...share,
      host: page.host,
      expires: expiresAtMs === null ? "" : dateText(localeOf(tag), "long", expiresAtMs),
    },
    sharer,
    form: {
      action: form.action,
      token: form.token,
      can_open: !isOver,
      can_refuse: !isOver && state !== "refused",
      can_mute: !isMuted,
    },
  };
}

function sharedBy(
  tag: string,
  page: Pick<InvitationAnsweredPage, "title" | "sharerName" | "sharerAddress"> & {
    readonly isInvitation?: boolean;
  },
): { readonly share: ShareWords; readonly sharer: PersonWords } {
  const sharer = { name: page.sharerName, address: page.sharerAddress };
  const { title, isInvitation = false } = page;
  const share = { title, module: null, isInvitation, sharer, origin: "", evidence: null };
  return { share: shareWords(share, localeOf(tag)), sharer: personWords(sharer) };
}

function discoveryValues({ sharerName, description, url, problem, hidden }: DiscoveryPage): object {
  return {
    sharer: oneLine(sharerName, limits.nameChars),
    description: oneLine(description ?? "", limits.titleChars),
    url,
    url_chars: limits.urlChars,
    problem: problem ?? "",
    hidden: Object.entries(hidden).map(([name, value]) => ({ name, value })),
  };
}

function inviteValues({ sharerName, servers, typed, problem, formToken }: InvitePage): object {
  return {
    sharer: oneLine(sharerName, limits.nameChars),
    servers: servers.map(({ name, host }) => ({ name: oneLine(name, limits.nameChars), host })),
    typed,
    typed_chars: limits.urlChars,
    problem: problem ?? "",
    token: formToken,
  };
}

function inviteHomeValues({ sharerName, home, link, code, inviteString }: InviteHomePage): object {
  return {
    sharer: oneLine(sharerName, limits.nameChars),
    home: hostWords(home),
    link: link ?? "",
    code,
    invite_string: inviteString,
  };
}

function inviteAcceptValues({ provider, typed, hasProblem, formToken }: InviteAcceptPage): object {
  return {
    provider: hostWords(provider),
    typed,
    typed_chars: limits.addressChars,
    problem: hasProblem,
    token: formToken,
  };
}

/** `shown` is empty where it would be the same text. */
function hostWords({ asked, shown }: ShownHost): object {
  return { asked, shown: shown === asked ? "" : shown };
}
