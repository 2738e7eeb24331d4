import { type Evidence, type HostView, isOriginConfirmed } from "./evidence.ts";
import { limits } from "./limits.ts";
import { addressDomain } from "./address.ts";
import type { Locale } from "./locale.ts";
import type { NoticeShare } from "./notice.ts";
import { oneLine } from "./one-line.ts";
import { phrasesIn } from "./phrases/phrases.ts";
import type { Phrases } from "./phrases/wanted.ts";
import { moduleName } from "./share.ts";

/** One sentence that speaks for or against believing a mail. */
export interface Remark {
  readonly text: string;
  readonly good: boolean;
}

/** A share as mails and pages tell of it: texts of strangers made safe to show, in no need of any other word. */
export interface ShareWords {
  /** Title in quotation marks, or what kind of thing it is; the object of a sentence. */
  readonly named: string;
  /** An invitation from cloud to cloud; `named` says so where it has no title. */
  readonly invitation: boolean;
  /** Host as it is asked; empty where nobody knows it. */
  readonly host: string;
  /** Host in letters of its own script, where that differs; else empty. */
  readonly host_shown: string;
  readonly remarks: readonly Remark[];
}

export interface PersonWords {
  readonly name: string;
  readonly address: string;
  /** The name, or the address of somebody without a name. */
  readonly shown: string;
}

/** A share in the words of a notice or page. Texts of strangers are cut and on one line, not escaped. */
export function shareWords(share: NoticeShare, locale: Locale): ShareWords {
  const phrases = phrasesIn(locale);
  const title = oneLine(share.title ?? "", limits.titleChars);
  const host = hostOf(share);
  return {
    named: title === "" ? phrases.unnamed[kindOf(share)] : phrases.quoted(title),
    invitation: share.isInvitation,
    host: host.asked,
    host_shown: host.shown === host.asked ? "" : host.shown,
    remarks: share.evidence === null ? [] : remarksOn(share.evidence, host.asked, phrases),
  };
}

function kindOf({ isInvitation, module }: NoticeShare): keyof Phrases["unnamed"] {
  return isInvitation ? "invitation" : (moduleName(module) ?? "other");
}

/** A sharer in words, cut and on one line, not escaped. */
export function personWords({ name, address }: NoticeShare["sharer"]): PersonWords {
  const shown = { name: oneLine(name, limits.nameChars), address: oneLine(address, limits.addressChars) };
  return { ...shown, shown: shown.name === "" ? shown.address : shown.name };
}

function hostOf({ origin, evidence }: NoticeShare): { readonly asked: string; readonly shown: string } {
  const view = evidence?.origin ?? evidence?.link ?? null;
  const asked = URL.parse(origin)?.host ?? view?.ascii ?? "";
  return { asked, shown: view === null ? asked : asked.replace(view.ascii, view.unicode) };
}

function remarksOn(evidence: Evidence, host: string, phrases: Phrases): readonly Remark[] {
  const { authentication, signals, isJunk, isTrustedSender, isKnownContact } = evidence;
  const known = isTrustedSender ? phrases.trustedSender : phrases.knownContact;
  const genuine = authentication.trusted ? genuineBy(authentication, host, phrases) : null;
  const isElsewhere = genuine !== null && !isOriginConfirmed(evidence) && host !== "";
  return [
    genuine === null ? bad(phrases.unchecked) : good(genuine),
    ...(isTrustedSender || isKnownContact ? [good(known)] : []),
    ...(isElsewhere ? [bad(phrases.linkElsewhere(host))] : []),
    ...hostRemarks(evidence, phrases),
    ...signals.map((signal) => bad(phrases.signals[signal])),
    ...(isJunk ? [bad(phrases.junk)] : []),
  ];
}

/** Null where nobody can be named whose word counts. */
function genuineBy({ from, by }: Evidence["authentication"], host: string, phrases: Phrases): string | null {
  if (by === "message-signature") return host === "" ? null : phrases.signed(host);
  const domain = addressDomain(from ?? "");
  return domain === null ? null : phrases.checked(domain);
}

/** One sentence per host, about its worst mark. */
function hostRemarks({ origin, link, sender }: Evidence, phrases: Phrases): readonly Remark[] {
  const hosts = new Map<string, HostView>();
  for (const host of [origin, link, sender]) if (host !== null) hosts.set(host.ascii, host);
  return [...hosts.values()].flatMap(({ ascii: asked, unicode: shown, marks }) => {
    const worst = worstFirst.find((mark) => marks.includes(mark));
    return worst === undefined ? [] : [bad(phrases.marks[worst]({ shown, asked }))];
  });
}

const worstFirst = ["look-alike", "mixed-script", "punycode"] as const;

function good(text: string): Remark {
  return { text, good: true };
}

function bad(text: string): Remark {
  return { text, good: false };
}
