import { TemplateError } from "./problem.ts";

/** The templates that Usher sends; templates/README.md says what each is for. */
export const templateNames = [
  "invitation",
  "discovery",
  "invite",
  "reminder",
  "revoked",
  "notice-held",
  "notice-answered",
  "notice-failed",
  "notice-summary",
  "notice-undelivered",
] as const;
export type TemplateName = (typeof templateNames)[number];

/** @throws TemplateError when Usher has no template of this name. */
export function templateName(text: string): TemplateName {
  const name = templateNames.find((known) => known === text);
  if (name !== undefined) return name;
  throw new TemplateError(`There is no template ${text}; the templates are ${templateNames.join(", ")}.`);
}
