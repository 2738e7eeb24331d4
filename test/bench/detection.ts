import { simpleParser } from "mailparser";
import { parseHeaderFields } from "../../src/domain/header-fields.ts";
import { decodeText, type TextCoding } from "../../src/mailbox/decode-text.ts";
import { rulesByPresence, rulesByText } from "../../src/mailbox/scan-rules.ts";
import { parseMail } from "../../src/mail/parse.ts";
import { mailReaders } from "../../src/protocols/mail-readers.ts";
import { inspectMail } from "../../src/receiving/inspect.ts";
import { type Contest, ratePerSecond } from "./measure.ts";
import { ordinaryMail } from "./ordinary-mail.ts";

const forMs = 400;

/** What one ordinary mail costs, apart from reading it from the server. */
export function detectionContests(): readonly Contest[] {
  const raw = Buffer.from(ordinaryMail(1));
  const mail = fetched(raw);
  const baseline = {
    name: "mailparser's simpleParser",
    rate: async () => ratePerSecond(forMs, async () => simpleParser(raw)),
  };
  return [
    {
      name: "Looking for a share in a 20 kB mail: its header fields, then its texts",
      unit: "mails/s",
      goal: 5,
      rounds: 5,
      ours: async () => ratePerSecond(forMs, () => expectNone(isWorthReading(mail))),
      baseline,
    },
    {
      name: "Parsing and inspecting a whole 20 kB mail",
      unit: "mails/s",
      goal: 0.5,
      rounds: 5,
      ours: async () =>
        ratePerSecond(forMs, async () => {
          const parsed = await parseMail(raw);
          expectNone(inspectMail(parsed, mailReaders, { trustedAuthservIds: [] }).verdict !== "none");
        }),
      baseline,
    },
  ];
}

function expectNone(isFound: boolean): void {
  if (isFound) throw new Error("An ordinary mail was taken for a share notification.");
}

/** One mail in the pieces that a scan fetches: BODYSTRUCTURE has told where its text parts lie and how they are coded. */
interface FetchedMail {
  readonly headerText: string;
  readonly sizeBytes: number;
  readonly texts: readonly (TextCoding & { readonly bytes: Buffer })[];
}

const rules = rulesByText(
  rulesByPresence(
    mailReaders.flatMap(({ headers }) => headers),
    async () => undefined,
  ),
  (text) => mailReaders.some((reader) => reader.mayAnnounce(text)),
);

/** Takes a mail of one multipart/alternative apart, as the IMAP server does before the scan sees it. */
function fetched(raw: Buffer): FetchedMail {
  const text = raw.toString("latin1");
  const [headerText = "", ...rest] = text.split("\r\n\r\n");
  const boundary = /boundary="?([^"\r\n]+)/.exec(headerText)?.[1] ?? "";
  const parts = rest.join("\r\n\r\n").split(`--${boundary}`).slice(1, -1);
  const texts = parts.map((part) => {
    const [head = "", ...body] = part.split("\r\n\r\n");
    return {
      encoding: /transfer-encoding: *(\S+)/i.exec(head)?.[1]?.toLowerCase() ?? "7bit",
      charset: /charset="?([^";\s]+)/i.exec(head)?.[1]?.toLowerCase() ?? "",
      bytes: Buffer.from(body.join("\r\n\r\n"), "latin1"),
    };
  });
  const fields = `${headerText}\r\n`.match(/^\S+:.*\r\n(?:[ \t].*\r\n)*/gm) ?? [];
  const asked = fields.filter((field) =>
    rules.fields.includes(field.slice(0, field.indexOf(":")).toLowerCase()),
  );
  return { headerText: `${asked.join("")}\r\n`, sizeBytes: raw.length, texts };
}

/** What the scan does with one mail: its header fields, then the decoded text of what can still be a share. */
function isWorthReading({ headerText, sizeBytes, texts }: FetchedMail): boolean {
  const { fields } = parseHeaderFields(headerText);
  if (rules.isCandidate(fields)) return true;
  if (rules.text?.mayBe(fields, sizeBytes) !== true) return false;
  return rules.text.isCandidate(texts.map((part) => decodeText(part.bytes, part)).join("\n"));
}
