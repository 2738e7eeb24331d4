import { limits } from "../../domain/limits.ts";
import { oneLine } from "../../domain/one-line.ts";
import { exampleOf } from "./examples.ts";
import type { TemplateName } from "./names.ts";
import { isOfShare, type Said } from "./values.ts";

/** A way to fill a template that it must bear. */
export interface WorstCase {
  /** Phrase that follows "with": `very long texts`. */
  readonly what: string;
  readonly said: Said;
}

const texts: Readonly<Record<string, string>> = {
  "very long texts": "Donaudampfschifffahrtsgesellschaft ".repeat(80),
  "one very long word": "x".repeat(limits.messageChars),
  "no texts": "",
  "texts from right to left": "تقرير الربع الأول \u200F(2026)\u200F – דוח",
  "markup in texts": markup(),
  "quotes in texts": `"double" 'single' “curly” „low“ «angle» \`back\``,
  "line breaks in texts": "one\ntwo\r\nthree\n\n\nfour",
  "emoji in texts": "👩‍👩‍👧‍👦🏴󠁧󠁢󠁳󠁣󠁴󠁿 é́́́ 🎉",
};

/** Everything that strangers and users can write, and every state a notice can tell of. */
export function worstCases(name: TemplateName, siteName: string): readonly WorstCase[] {
  const example = exampleOf(name, siteName);
  const written = Object.entries(texts).map(([what, text]) => ({ what, said: worded(example, text) }));
  return [{ what: "the example", said: example }, ...written, ...sparse(example), ...states(example)];
}

/** The same mail twice, of plain words and of markup: its elements must be the same. */
export function markupTwins(name: TemplateName, siteName: string): readonly [plain: Said, markup: Said] {
  const example = exampleOf(name, siteName);
  return [worded(example, "plain words"), worded(example, markup())];
}

function markup(): string {
  return `</td></table><b title="x" onclick='y'>&amp; {{ site.name }} {% raw %} --> <script>`;
}

/** Names, titles and messages replaced, as far as people write them. */
function worded(said: Said, text: string): Said {
  const line = oneLine(text, limits.messageChars);
  if (isOfShare(said)) {
    const share = { ...said.facts.share, title: text, sharer: { ...said.facts.share.sharer, name: text } };
    return { ...said, facts: { ...said.facts, share, detail: text } };
  }
  if (said.template === "notice-summary") {
    const shares = said.facts.shares.map((share) => ({ ...share, title: text }));
    return { ...said, facts: { ...said.facts, shares } };
  }
  if (said.template === "notice-undelivered") return { ...said, facts: { ...said.facts, title: line } };
  const { sharer, recipient } = said.facts;
  const people = { sharer: { ...sharer, name: line }, recipient: { ...recipient, name: line } };
  return { ...said, facts: { ...said.facts, ...people, title: line, message: text } };
}

/** What may be missing, missing; and lists longer than any template shows. */
function sparse(said: Said): readonly WorstCase[] {
  const what = "nothing that can be left out";
  if (isOfShare(said)) {
    const share = { ...said.facts.share, title: null, module: null, origin: "", evidence: null };
    const ways = { page: null, folder: null, untilMs: null };
    return [{ what, said: { ...said, facts: { ...said.facts, share, ways } } }];
  }
  if (said.template === "notice-summary") {
    const shares = many(said.facts.shares);
    return [
      { what, said: { ...said, facts: { ...said.facts, folder: null } } },
      { what: "very many shares", said: { ...said, facts: { ...said.facts, shares } } },
    ];
  }
  if (said.template === "notice-undelivered") {
    const one = said.facts.failures
      .slice(0, 1)
      .map((failure) => ({ ...failure, reason: null, status: null }));
    const failures = many(said.facts.failures);
    return [
      { what, said: { ...said, facts: { ...said.facts, failures: one } } },
      { what: "very many failures", said: { ...said, facts: { ...said.facts, failures } } },
    ];
  }
  const facts = { ...said.facts, message: "", expiresAtMs: null, page: null, code: null, inviteString: null };
  return [{ what, said: { ...said, facts } }];
}

function many<T>(some: readonly T[]): T[] {
  return Array.from({ length: limits.summaryLines + 5 }, () => some).flat();
}

function states(said: Said): readonly WorstCase[] {
  if (!isOfShare(said)) return [];
  const told = ["held", "followed", "ignored", "refused", "failed", "needs-password"].map((state) => ({
    what: `the state ${state}`,
    said: { ...said, facts: { ...said.facts, state, reason: null } },
  }));
  const unchanged = { ...said, facts: { ...said.facts, isUnchanged: true, detail: "It is followed." } };
  const share = { ...said.facts.share, title: null, isInvitation: true };
  const invited = ["held", "followed", "ignored", "failed"].map((state) => ({
    what: `an invitation from cloud to cloud in the state ${state}`,
    said: { ...said, facts: { ...said.facts, share, state, reason: null } },
  }));
  return [...told, ...invited, { what: "an answer that changed nothing", said: unchanged }];
}
