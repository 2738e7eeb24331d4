import mjml2html from "mjml";
import type { InvitationFacts } from "../../src/domain/invitation.ts";
import { fillTemplate, parseTemplate } from "../../src/mail/templates/fill.ts";
import { readTemplate } from "../../src/mail/templates/files.ts";
import { invitationValues } from "../../src/mail/templates/values.ts";
import { createTemplates } from "../../src/mail/templates/templates.ts";
import { type Contest, ratePerSecond } from "./measure.ts";

const forMs = 400;

const facts: InvitationFacts = {
  siteName: "Example Cloud",
  sharer: { name: "Alice Example", address: "alice@example.org" },
  recipient: { name: "Bob", address: "bob@example.net" },
  title: "Harbour plans",
  link: "https://cloud.example.org/s/0a1b2c3d4e5f60718293",
  message: "Please have a look.\nThe deadline is Friday.",
  expiresAtMs: null,
  page: null,
  code: null,
};

/** Subject, sender, HTML and text of one invitation. */
export async function invitationContests(): Promise<readonly Contest[]> {
  const templates = createTemplates(null);
  await templates.render("invitation", "en", invitationValues(facts));
  return [
    {
      name: "Rendering an invitation",
      unit: "mails/s",
      // One takes less than 0.05 ms of a processor that compiles MJML in 1.5 ms.
      goal: 20,
      rounds: 5,
      ours: async () =>
        ratePerSecond(forMs, async () => templates.render("invitation", "en", invitationValues(facts))),
      baseline: {
        name: "compiling its MJML for every mail",
        rate: async () => ratePerSecond(forMs, renderAnew),
      },
    },
  ];
}

async function renderAnew(): Promise<void> {
  const source = await readTemplate(["templates"], "invitation", "en");
  const { html } = await mjml2html(source.mjml, {
    filePath: source.file,
    includePath: source.root,
    ignoreIncludes: false,
    fonts: {},
  });
  fillTemplate(parseTemplate(source, html), invitationValues(facts));
}
