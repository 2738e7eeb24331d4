import type { Evidence, HostView } from "../domain/evidence.ts";

/** The evidence of one mail in words, one line per fact; or of what was announced by no mail. */
export function evidenceLines(evidence: Evidence, came: "mail" | "announced" = "mail"): readonly string[] {
  const { origin, link, sender, signals } = evidence;
  const isUnsigned = came === "announced" && !evidence.authentication.trusted;
  return [
    `sender: ${isUnsigned ? "nobody vouches for him, for nothing is signed" : senderText(evidence)}`,
    `contact: ${contactText(evidence)}`,
    ...hostLine("origin", origin),
    ...(link?.ascii === origin?.ascii ? [] : hostLine("link", link)),
    ...(sender?.marks.length === 0 ? [] : hostLine("sender's host", sender)),
    `origin and sender: ${evidence.authentication.linkAligned ? "of the same domain" : "of different domains"}`,
    ...(signals.length === 0 ? [] : [`signs of deceit: ${signals.join(", ")}`]),
    ...(evidence.isJunk ? ["junk: the mail lies in Junk, or is marked as such"] : []),
  ];
}

function senderText({ authentication, signature }: Evidence): string {
  const { from, dkim, spf, dmarc, authservId, by, trusted } = authentication;
  const who = from ?? "not exactly one address";
  const results = `dkim=${dkim ?? "-"} spf=${spf ?? "-"} dmarc=${dmarc ?? "-"}`;
  const said = authservId === null ? "no trusted server said anything" : `${authservId} says ${results}`;
  const source = trusted ? (sources[by ?? "authentication-results"] ?? said) : said;
  const looked =
    signature?.because === undefined ? "" : `; signature ${signature.result}: ${signature.because}`;
  return `${who}, ${trusted ? "authenticated" : "not authenticated"} (${source}${looked})`;
}

/** Who speaks for the sender, where it is no mail server. */
const sources: Readonly<Partial<Record<NonNullable<Evidence["authentication"]["by"]>, string>>> = {
  "dkim-signature": "by the mail's own signature",
  "message-signature": "by the signature of his server",
};

function contactText({ isKnownContact, isTrustedSender }: Evidence): string {
  if (isTrustedSender) return "trusted by the account";
  return isKnownContact ? "known to the account, not trusted" : "unknown to the account";
}

function hostLine(what: string, view: HostView | null): string[] {
  if (view === null) return [];
  const shown = view.ascii === view.unicode ? view.ascii : `${view.ascii}, shown as ${view.unicode}`;
  return [`${what}: ${shown}${view.marks.length === 0 ? "" : ` (${view.marks.join(", ")})`}`];
}
