import { moduleName, type ModuleName } from "../domain/share.ts";
import { httpsOrigin } from "../domain/web-link.ts";
import { unreachable } from "../domain/unreachable.ts";
import type { AccountChanged } from "../store/accounts.ts";
import { CommandError } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";

/** Why the store did not take it, for a person; null where it did. */
export function refusalOf(changed: AccountChanged, name: string): string | null {
  switch (changed.kind) {
    case "done":
      return null;
    case "name-taken":
      return `there is an account ${name} already; usher account show ${name} shows it`;
    case "bad-address":
      return `${changed.address} is no mail address; write it like ${name}@example.org`;
    case "address-taken":
      return `${changed.address} belongs to account ${changed.account} already; an address has one account`;
    case "no-such-address":
      return `${changed.address} is no address of account ${name}; usher account show ${name} lists them`;
    case "last-address":
      return `${changed.address} is the only address of account ${name}; add another one first`;
    case "host-taken":
      return `${changed.host} is the instance host of account ${changed.account} already; a host has one account`;
    default:
      return unreachable(changed);
  }
}

/** `host[:port]` in A-labels. Throws CommandError where it is no host, or the site's own. */
export function hostFrom(text: string, publicUrl: string | null): string {
  const host = URL.parse(httpsOrigin(text) ?? "")?.host;
  if (host === undefined) {
    throw new CommandError(
      `${text} is no host; write it like alice.share.example.org, with :port where it is not 443`,
      exitCodes.usage,
    );
  }
  if (publicUrl !== null && host === new URL(publicUrl).host) {
    throw new CommandError(
      `${host} is the site's own host (server.publicUrl); take another`,
      exitCodes.usage,
    );
  }
  return host;
}

/** A BCP 47 tag in its canonical form. Throws CommandError where it is none. */
export function localeFrom(tag: string): string {
  try {
    const [locale] = Intl.getCanonicalLocales(tag);
    if (locale !== undefined) return locale;
  } catch {
    // Named below.
  }
  throw new CommandError(`${tag} is no language tag; write for example en, de or fr`, exitCodes.usage);
}

/** Modules from a list with commas. Throws CommandError at an unknown one. */
export function modulesFrom(text: string): readonly ModuleName[] {
  return text.split(",").map((part) => {
    const module = moduleName(part.trim());
    if (module !== null) return module;
    throw new CommandError(
      `there is no module ${part.trim()}; the modules are files, calendar, contacts and tasks`,
      exitCodes.usage,
    );
  });
}
