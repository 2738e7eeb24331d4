import { z } from "zod";

const host = z.object({ ascii: z.string(), unicode: z.string(), marks: z.array(z.string()) }).nullable();

/** What the record keeps of the evidence, as far as it is shown; records of earlier versions have less. */
const evidenceSchema = z.object({
  authentication: z.object({
    from: z.string().nullable(),
    dkim: z.string().nullable(),
    spf: z.string().nullable(),
    dmarc: z.string().nullable(),
    authservId: z.string().nullable(),
    by: z.string().nullable().optional(),
    trusted: z.boolean(),
    linkAligned: z.boolean(),
  }),
  signature: z.object({ result: z.string(), because: z.string() }).nullish(),
  origin: host,
  link: host,
  sender: host,
  signals: z.array(z.string()),
  isJunk: z.boolean(),
  isKnownContact: z.boolean(),
  isTrustedSender: z.boolean(),
});

type Shown = z.infer<typeof evidenceSchema>;

/** The evidence of one mail in words, one line per fact; null where it is none. */
export function evidenceLines(value: unknown): readonly string[] | null {
  const parsed = evidenceSchema.safeParse(value);
  if (!parsed.success) return null;
  const evidence = parsed.data;
  const { origin, link, sender, signals } = evidence;
  return [
    `sender: ${senderText(evidence)}`,
    `contact: ${contactText(evidence)}`,
    ...hostLine("origin", origin),
    ...(link?.ascii === origin?.ascii ? [] : hostLine("link", link)),
    ...(sender?.marks.length === 0 ? [] : hostLine("sender's host", sender)),
    `origin and sender: ${evidence.authentication.linkAligned ? "of the same domain" : "of different domains"}`,
    ...(signals.length === 0 ? [] : [`signs of deceit: ${signals.join(", ")}`]),
    ...(evidence.isJunk ? ["junk: the mail lies in Junk, or is marked as such"] : []),
  ];
}

function senderText({ authentication, signature }: Shown): string {
  const { from, dkim, spf, dmarc, authservId, by, trusted } = authentication;
  const who = from ?? "not exactly one address";
  const results = `dkim=${dkim ?? "-"} spf=${spf ?? "-"} dmarc=${dmarc ?? "-"}`;
  const said = authservId === null ? "no trusted server said anything" : `${authservId} says ${results}`;
  const source = by === "dkim-signature" ? "by the mail's own signature" : said;
  const looked =
    signature?.because === undefined ? "" : `; signature ${signature.result}: ${signature.because}`;
  return `${who}, ${trusted ? "authenticated" : "not authenticated"} (${source}${looked})`;
}

function contactText({ isKnownContact, isTrustedSender }: Shown): string {
  if (isTrustedSender) return "trusted by the account";
  return isKnownContact ? "known to the account, not trusted" : "unknown to the account";
}

function hostLine(what: string, view: Shown["origin"]): string[] {
  if (view === null) return [];
  const shown = view.ascii === view.unicode ? view.ascii : `${view.ascii}, shown as ${view.unicode}`;
  return [`${what}: ${shown}${view.marks.length === 0 ? "" : ` (${view.marks.join(", ")})`}`];
}
