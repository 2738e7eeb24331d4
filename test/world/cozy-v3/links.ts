import type { Instance } from "./instance.ts";
import type { Member, Sharing } from "./model.ts";
import { codeOf } from "./sharecodes.ts";
import { Refusal } from "./wire.ts";

/** Host of an app: nested `drive.alice.example` or flat `alice-drive.example` (reference/cozy.md 3.4). */
export function appOrigin({ domain, settings }: Instance, slug: string): string {
  const [first = "", ...rest] = domain.split(".");
  return settings.flatSubdomains ? `https://${first}-${slug}.${rest.join(".")}` : `https://${slug}.${domain}`;
}

/** The link of an invitation. A Cozy that is not the owner never uses the preview (reference/cozy.md 3.4). */
export function invitationLink(instance: Instance, sharing: Sharing, member: Member, state: string): string {
  const code = sharing.owner ? codeOf(instance, sharing, member) : null;
  if (sharing.preview_path !== "" && sharing.app_slug !== "" && !sharing.drive && code !== null) {
    return `${appOrigin(instance, sharing.app_slug)}${sharing.preview_path}?sharecode=${code}`;
  }
  return `${instance.origin}/sharings/${sharing.id}/discovery?state=${state}`;
}

/** Where a member takes a decision, on its own Cozy. */
export function authorizeLink(
  origin: string,
  sharing: { readonly id: string },
  state: string,
  isShortcut: boolean,
): string {
  const query = new URLSearchParams({ sharing_id: sharing.id, state });
  if (isShortcut) query.set("shortcut", "true");
  return `${origin}/auth/authorize/sharing?${String(query)}`;
}

/** Hosts whose first label may have an app's slug after a hyphen (reference/cozy.md 3.5). */
const hostsWithSlugs = ["mycozy.cloud", "cozy.rocks"];

/**
 * `https://host` from what a person typed (reference/cozy.md 3.5): `domain` completes a bare name. 412 for an e-mail address,
 * 400 for what is no address of a Cozy.
 */
export function typedCozy(typed: string, domain: string): string {
  if (typed.includes("@")) throw new Refusal(412, "This is an e-mail address, not the address of a Cozy");
  const bare = typed.trim().replace(/\.$/, "");
  const whole = /^https?:\/\//i.test(bare) ? bare : `https://${bare}`;
  if (bare === "" || !URL.canParse(whole)) throw invalidUrl();
  const url = new URL(whole);
  if (!url.hostname.includes(".")) return typedCozy(`${url.protocol}//${url.hostname}.${domain}`, domain);
  const host = url.host.replace(/mycosy\.cloud$/, "mycozy.cloud");
  return `${url.protocol}//${withoutSlug(host)}`;
}

function withoutSlug(host: string): string {
  const known = hostsWithSlugs.find((each) => host.endsWith(`.${each}`));
  if (known === undefined) return host;
  const [first = "", ...rest] = host.split(".");
  return [first.split("-")[0] ?? first, ...rest].join(".");
}

function invalidUrl(): Refusal {
  return new Refusal(400, "The Cozy URL is invalid");
}
