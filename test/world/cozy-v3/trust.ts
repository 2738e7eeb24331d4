import type { Instance } from "./instance.ts";
import { type Member, newId } from "./model.ts";

/** Whether a drive of this sharer is accepted without asking (reference/cozy.md 7.6). */
export function isTrusted({ settings, contacts }: Instance, sharer: Member): boolean {
  if (!settings.autoAcceptTrusted) return false;
  const host = URL.canParse(sharer.instance) ? new URL(sharer.instance).hostname : "";
  if (settings.trustedDomains.some((domain) => host === domain || host.endsWith(`.${domain}`))) return true;
  if (!settings.autoAcceptTrustedContacts || sharer.email === "") return false;
  return [...contacts.values()].some(
    ({ email, trustedForSharing }) => email === sharer.email && trustedForSharing,
  );
}

/** An accepted sharer is trusted from then on; its contact is made where there is none. */
export function trustSharer({ settings, contacts }: Instance, sharer: Member): void {
  if (!settings.autoAcceptTrustedContacts || sharer.email === "") return;
  const known = [...contacts.values()].find(({ email }) => email === sharer.email);
  if (known !== undefined) {
    known.trustedForSharing = true;
    return;
  }
  const id = newId();
  const { public_name: name, email, instance: cozy } = sharer;
  contacts.set(id, { id, name, email, cozy, groups: [], trustedForSharing: true });
}
