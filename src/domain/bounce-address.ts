import { limits } from "./limits.ts";
import { type HeaderField, headerValues, type MailView } from "./mail.ts";

/** What names one invitation in the address that its reports come back to. */
export interface BounceSecret {
  readonly invitationId: string;
  /** To be compared with the site's own, in constant time. */
  readonly mac: string;
}

/**
 * The envelope sender of one invitation: `bounces+<invitation>.<secret>@example.org`, so that a report tells by its
 * recipient alone which invitation it is about (RFC 5233 sub-address).
 */
export function bounceAddress(bounces: string, { invitationId, mac }: BounceSecret): string {
  const at = bounces.lastIndexOf("@");
  return `${bounces.slice(0, at)}+${invitationId}.${mac}${bounces.slice(at)}`;
}

/** Where delivering servers write for whom a mail came in. */
const recipientFields = ["to", "delivered-to", "x-original-to", "envelope-to"] as const;

/** Header fields by which a scan finds what may be a report. */
export const reportFields = [...recipientFields, "content-type"] as const;

/** Whether a mail may say what became of another one: a multipart/report, or one to an address with a secret. */
export function mayBeReport(fields: readonly HeaderField[]): boolean {
  return fields.some(({ name, value }) =>
    name === "content-type"
      ? /^multipart\/report(?![^\s;(])/i.test(value)
      : recipientFields.some((field) => field === name) && value.search(secretForm) !== -1,
  );
}

const secretForm = /\+(i[0-9a-z]{9})\.([0-9a-f]{32})@/gi;

/** The secrets in the addresses that a mail came to, each once, in lower case: mail servers may change the case. */
export function bounceSecretsIn(mail: Pick<MailView, "headers">): readonly BounceSecret[] {
  const written = recipientFields.flatMap((field) => headerValues(mail, field));
  const found = new Map(
    written
      .flatMap((value) => [...value.matchAll(secretForm)])
      .map(([, id = "", mac = ""]) => [`${id}.${mac}`.toLowerCase(), { id, mac }]),
  );
  return [...found.values()]
    .slice(0, limits.bounceSecrets)
    .map(({ id, mac }) => ({ invitationId: id.toLowerCase(), mac: mac.toLowerCase() }));
}
