import type { AnsweredPage, AnswerPage, Pages } from "../server/parts.ts";
import { renderPage } from "./render-page.ts";
import { stylesheet } from "./stylesheet.ts";

/** The pages that the HTTP server shows to people. */
export function createPages(siteName: () => string): Pages {
  return {
    stylesheet,
    answer: (locale, page: AnswerPage) => renderPage("answer", locale, { site: { name: siteName() }, page }),
    answered: (locale, page: AnsweredPage) =>
      renderPage("answered", locale, { site: { name: siteName() }, page }),
    noLongerValid: (locale) => renderPage("no-longer-valid", locale ?? "en", { site: { name: siteName() } }),
  };
}
