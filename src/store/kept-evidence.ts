import { z } from "zod";
import type { Evidence } from "../domain/evidence.ts";
import type { RecordLine } from "./records.ts";

const nullableText = z.string().nullable();

const hostView = z
  .object({
    ascii: z.string(),
    unicode: z.string(),
    marks: z.array(z.enum(["punycode", "mixed-script", "look-alike"])),
  })
  .nullable();

/** As judging a mail writes it (receiving/judge.ts). */
const mailDetail = z.object({
  messageId: z.string().optional(),
  evidence: z.object({
    authentication: z.object({
      from: nullableText,
      dkim: nullableText,
      spf: nullableText,
      dmarc: nullableText,
      authservId: nullableText,
      by: z.enum(["authentication-results", "dkim-signature", "message-signature"]).nullable(),
      trusted: z.boolean(),
      linkAligned: z.boolean(),
    }),
    signature: z
      .object({
        result: z.enum(["pass", "fail", "neutral", "policy", "temperror", "none"]),
        domain: nullableText,
        because: z.string(),
      })
      .nullable(),
    origin: hostView,
    link: hostView,
    sender: hostView,
    signals: z.array(
      z.enum([
        "reply-to-elsewhere",
        "date-in-future",
        "link-shows-another-host",
        "name-shows-another-address",
        "several-senders",
      ]),
    ),
    isKnownOrigin: z.boolean().default(false),
    isJunk: z.boolean(),
    isKnownContact: z.boolean(),
    isTrustedSender: z.boolean(),
  }),
});

/** The evidence that a line of the record about a mail keeps; null where it keeps none that can be read. */
export function keptEvidence(detail: RecordLine["detail"]): Evidence | null {
  return mailDetail.safeParse(detail).data?.evidence ?? null;
}

/** The mail that a notification shows, of all that the record names: the last authenticated one, else the last. */
export function shownMail(
  record: readonly RecordLine[],
): { readonly evidence: Evidence; readonly messageId: string | null } | null {
  const mails = record
    .filter(({ kind }) => kind === "mail")
    .flatMap(({ detail }) => mailDetail.safeParse(detail).data ?? []);
  const shown = mails.findLast(({ evidence }) => evidence.authentication.trusted) ?? mails.at(-1);
  return shown === undefined ? null : { evidence: shown.evidence, messageId: shown.messageId ?? null };
}
