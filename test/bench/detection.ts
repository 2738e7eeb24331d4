import { simpleParser } from "mailparser";
import { rulesByPresence } from "../../src/mailbox/scan-rules.ts";
import { parseMail } from "../../src/mail/parse.ts";
import { mailReaders } from "../../src/protocols/mail-readers.ts";
import { inspectMail } from "../../src/receiving/inspect.ts";
import { type Contest, ratePerSecond } from "./measure.ts";
import { ordinaryMail } from "./ordinary-mail.ts";

const forMs = 400;

/** What one ordinary mail costs, apart from reading it from the server. */
export function detectionContests(): readonly Contest[] {
  const raw = Buffer.from(ordinaryMail(1));
  const rules = rulesByPresence(
    mailReaders.flatMap(({ headers }) => headers),
    async () => undefined,
  );
  const headerText = raw.subarray(0, raw.indexOf("\r\n\r\n") + 4).toString("latin1");
  const baseline = {
    name: "mailparser's simpleParser",
    rate: async () => ratePerSecond(forMs, async () => simpleParser(raw)),
  };
  return [
    {
      name: "Looking for a share in the header block of a 20 kB mail",
      unit: "mails/s",
      goal: 5,
      rounds: 5,
      ours: async () => ratePerSecond(forMs, () => expectNone(rules.isCandidate(headerText))),
      baseline,
    },
    {
      name: "Parsing and inspecting a whole 20 kB mail",
      unit: "mails/s",
      goal: 0.7,
      rounds: 5,
      ours: async () =>
        ratePerSecond(forMs, async () => {
          const mail = await parseMail(raw);
          expectNone(inspectMail(mail, mailReaders, { trustedAuthservIds: [] }).verdict !== "none");
        }),
      baseline,
    },
  ];
}

function expectNone(isFound: boolean): void {
  if (isFound) throw new Error("An ordinary mail was taken for a share notification.");
}
