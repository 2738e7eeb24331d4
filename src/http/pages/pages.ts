import { failureWords } from "../../domain/failure-words.ts";
import { limits } from "../../domain/limits.ts";
import { localeOf } from "../../domain/locale.ts";
import { oneLine } from "../../domain/one-line.ts";
import { personWords, shareWords } from "../../domain/share-words.ts";
import type { AnsweredPage, AnswerPage, Pages } from "../server/parts.ts";
import { renderPage } from "./render-page.ts";
import { stylesheet } from "./stylesheet.ts";

/** The pages that the HTTP server shows to people. `siteName` is asked anew for each. */
export function createPages(siteName: () => string): Pages {
  const site = (): object => ({ name: oneLine(siteName(), limits.nameChars) });
  return {
    stylesheet,
    answer: (tag, page) => renderPage("answer", tag, { site: site(), ...answerValues(tag, page) }),
    answered: (tag, page) => renderPage("answered", tag, { site: site(), ...answeredValues(tag, page) }),
    noLongerValid: (tag) => renderPage("no-longer-valid", tag ?? "", { site: site() }),
  };
}

function answerValues(tag: string, page: AnswerPage): Readonly<Record<string, unknown>> {
  const { title, module, origin, evidence, state, whyNot, form, asksPassword } = page;
  const sharer = { name: page.sharerName, address: page.sharerAddress };
  const canAccept = form !== null && whyNot === null;
  const hasFailed = state === "failed" || state === "needs-password";
  return {
    state,
    share: shareWords({ title, module, sharer, origin, evidence }, localeOf(tag)),
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
  const sharer = { name: page.sharerName, address: page.sharerAddress };
  const share = { title: page.title, module: null, sharer, origin: "", evidence: null };
  return {
    outcome: page.outcome,
    share: shareWords(share, localeOf(tag)),
    sharer: personWords(sharer),
    note: oneLine(page.detail ?? "", limits.remoteTextChars),
  };
}
