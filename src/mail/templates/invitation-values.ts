import { hasControl, messageLines, withoutBidi } from "../../domain/display-text.ts";
import type { InvitationFacts } from "../../domain/invitation.ts";
import { limits } from "../../domain/limits.ts";
import type { MailAddress } from "../../domain/mail.ts";
import { dateText } from "../../domain/formats.ts";
import type { OfferValues, RevokedValues } from "./value-schema.ts";

type Own<Values> = Omit<Values, "locale" | "site" | "brand" | "recipient">;

/** @throws Error for a link that is not https, and for control characters: both were refused before they were stored. */
export function offerValues(facts: InvitationFacts, locale: string): Own<OfferValues> {
  const link = httpsLink(facts.link);
  const { expiresAtMs } = facts;
  return {
    sharer: sharerValues(facts.sharer),
    share: {
      title: displayText(facts.title, limits.titleChars),
      link: link.href,
      host: link.host,
      expires: expiresAtMs === null ? "" : dateText(locale, "long", expiresAtMs),
      expires_at: expiresAtMs === null ? "" : new Date(expiresAtMs).toISOString(),
      code: displayText(facts.code ?? "", limits.urlChars),
      invite_string: displayText(facts.inviteString ?? "", limits.urlChars),
    },
    message: { lines: [...messageLines(facts.message.slice(0, limits.messageChars))] },
    page: pageOf(facts),
  };
}

/** Whoever shared no longer does: there is no link to give. */
export function revokedValues(facts: InvitationFacts): Own<RevokedValues> {
  return {
    sharer: sharerValues(facts.sharer),
    share: { title: displayText(facts.title, limits.titleChars) },
    page: pageOf(facts),
  };
}

function pageOf({ page }: InvitationFacts): string {
  return page === null ? "" : httpsLink(page).href;
}

/** `shown`: the name, or the address of somebody without a name. */
function sharerValues(who: MailAddress): OfferValues["sharer"] {
  const said = personValues(who);
  return { ...said, shown: said.name === "" ? said.address : said.name };
}

export function personValues(who: MailAddress): { name: string; address: string } {
  return {
    name: displayText(who.name, limits.nameChars),
    address: displayText(who.address, limits.addressChars),
  };
}

/** @throws Error when the text has control characters: they were refused before they were stored. */
export function displayText(text: string, maxChars: number): string {
  if (hasControl(text)) throw new Error("A text of an invitation has control characters.");
  return withoutBidi(text.slice(0, maxChars));
}

/** Escaping for HTML does not stop javascript: links, and whoever created the sharing was told the same. */
function httpsLink(text: string): URL {
  const link = new URL(text);
  if (link.protocol !== "https:") throw new Error("The link of an invitation must be https.");
  return link;
}
