import mjml2html from "mjml";
import type { InvitationFacts } from "../../src/domain/invitation.ts";
import { fillTemplate, parseTemplate } from "../../src/mail/templates/fill.ts";
import { shippedFolder } from "../../src/mail/templates/folders.ts";
import { readOne } from "../../src/mail/templates/load-one.ts";
import { joined } from "../../src/mail/templates/pieces.ts";
import { createTemplates } from "../../src/mail/templates/templates.ts";
import { valuesOf } from "../../src/mail/templates/values.ts";
import { type Ceiling, type Contest, processorMs, ratePerSecond } from "./measure.ts";

const forMs = 400;

const facts: InvitationFacts = {
  siteName: "Example Cloud",
  sharer: { name: "Alice Example", address: "alice@example.org" },
  recipient: { name: "Bob", address: "bob@example.net" },
  title: "Harbour plans",
  link: "https://cloud.example.org/s/0a1b2c3d4e5f60718293",
  message: "Please have a look.\nThe deadline is Friday.",
  expiresAtMs: Date.UTC(2027, 0, 15),
  page: "https://usher.example.org/invitation/r0k4zq8wt1.00112233445566778899aabbccddeeff",
  code: null,
  inviteString: null,
};

/** Subject, sender, HTML and text of one invitation. */
export async function invitationContests(): Promise<readonly (Contest | Ceiling)[]> {
  const templates = createTemplates();
  const letter = { template: "invitation", locale: "en", facts } as const;
  const render = async (): Promise<unknown> => templates.render(letter);
  await render();
  return [
    {
      name: "Rendering an invitation",
      unit: "mails/s",
      goal: 20,
      rounds: 5,
      ours: async () => ratePerSecond(forMs, render),
      baseline: {
        name: "compiling its MJML for every mail",
        rate: async () => ratePerSecond(forMs, renderAnew),
      },
    },
    { name: "Rendering an invitation", rounds: 5, mostMs: 0.05, ms: async () => processorMs(forMs, render) },
  ];
}

async function renderAnew(): Promise<void> {
  const source = await readOne([shippedFolder], "invitation", "en");
  const { html } = await mjml2html(joined(source.mjml), { fonts: {} });
  const template = parseTemplate(source, html);
  fillTemplate(template, valuesOf({ template: "invitation", facts }, "en", source.brand.values));
}
