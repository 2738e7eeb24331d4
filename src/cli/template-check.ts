import type { Config } from "../config/config.ts";
import type { ConfigProblem } from "../config/load.ts";
import type { InvitationFacts } from "../domain/invitation.ts";
import { TemplateError, templateLocales } from "../mail/template-files.ts";
import { createTemplates } from "../mail/templates.ts";

const sample: InvitationFacts = {
  siteName: "Usher",
  sharer: { name: "Alice", address: "alice@example.org" },
  recipient: { name: "Bob", address: "bob@example.com" },
  title: "Photos",
  link: "https://cloud.example.org/s/sample",
  message: "Have a look.",
};

/** Compiles and fills the operator's own templates in every language. */
export async function checkTemplates({ templates }: Config): Promise<ConfigProblem[]> {
  if (templates.directory === null) return [];
  const set = createTemplates(templates.directory);
  const faults = new Set<string>();
  for (const locale of templateLocales) {
    try {
      await set.render("invitation", locale, sample);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      faults.add(error.message);
    }
  }
  const place = { path: "templates.directory", value: null, line: null, column: null };
  const remedy = "Correct the file; templates/README.md names the variables.";
  return [...faults].map((message) => ({ ...place, message, remedy }));
}
