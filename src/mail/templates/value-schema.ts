import { z } from "zod";
import type { TemplateName } from "./names.ts";

/** The values of every template; templates/README.md lists them, and a test compares the two. */
const text = z.string();
const texts = z.array(text);
const person = z.strictObject({ name: text, address: text });
const shownPerson = person.extend({ shown: text });

/** Of a brand for light or for dark screens, `#rrggbb`. */
const colors = z.strictObject({
  page: text,
  card: text,
  ink: text,
  faint: text,
  line: text,
  accent: text,
  contrast: text,
  link: text,
  good: text,
  bad: text,
});

const brand = z.strictObject({
  name: text,
  logo: text,
  logo_width: z.number(),
  colors,
  dark: colors,
  footer: texts,
  links: z.array(z.strictObject({ text, url: text })),
});

const always = {
  locale: text,
  site: z.strictObject({ name: text }),
  brand,
  recipient: person,
};

const offer = z.strictObject({
  ...always,
  sharer: shownPerson,
  share: z.strictObject({
    title: text,
    link: text,
    host: text,
    expires: text,
    expires_at: text,
    code: text,
    invite_string: text,
  }),
  message: z.strictObject({ lines: texts }),
  page: text,
});

const share = z.strictObject({
  named: text,
  invitation: z.boolean(),
  host: text,
  host_shown: text,
  remarks: z.array(z.strictObject({ text, good: z.boolean() })),
});
const answer = z.strictObject({ page: text, accept_folder: text, decline_folder: text, until: text });

const notice = z.strictObject({
  ...always,
  share,
  sharer: shownPerson,
  outcome: z.strictObject({
    state: text,
    why: text,
    note: text,
    asks_password: z.boolean(),
    changed_nothing: z.boolean(),
  }),
  answer,
});

/** What each template is given, and nothing else. */
export const valueSchemas = {
  invitation: offer,
  discovery: offer,
  invite: offer,
  reminder: offer,
  revoked: z.strictObject({
    ...always,
    sharer: shownPerson,
    share: z.strictObject({ title: text }),
    page: text,
  }),
  "notice-held": notice,
  "notice-answered": notice,
  "notice-failed": notice,
  "notice-summary": z.strictObject({
    ...always,
    entries: z.array(z.strictObject({ share, sharer: shownPerson })),
    count: z.number(),
    more: z.number(),
    answer,
  }),
  "notice-undelivered": z.strictObject({
    ...always,
    share: z.strictObject({ title: text }),
    failures: z.array(z.strictObject({ address: text, why: text, status: text })),
    count: z.number(),
    more: z.number(),
  }),
} satisfies Record<TemplateName, z.ZodObject>;

type Schemas = typeof valueSchemas;

/** What the placeholders of one template stand for. */
export type TemplateValues = z.infer<Schemas[TemplateName]>;
export type OfferValues = z.infer<typeof offer>;
export type RevokedValues = z.infer<Schemas["revoked"]>;
export type NoticeValues = z.infer<typeof notice>;
export type SummaryValues = z.infer<Schemas["notice-summary"]>;
export type UndeliveredValues = z.infer<Schemas["notice-undelivered"]>;
export type BrandValues = z.infer<typeof brand>;
export type ColorValues = z.infer<typeof colors>;
