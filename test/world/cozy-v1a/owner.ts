import type { Visit } from "./stack/browser.ts";
import { type CommonOwner, commonOwner } from "./stack/owner.ts";
import type { Answer } from "./stack/outgoing.ts";
import { readRules, scopeOf } from "./stack/permissions.ts";
import type { JsonObject } from "./stack/wire.ts";
import type { CozyV1aState, SharingType } from "./sharing.ts";
import { sharingOf } from "./stack/sharing.ts";

export interface SharingSpec {
  readonly type: SharingType;
  readonly description?: string;
  readonly appSlug?: string;
  /** `{ title: { type, verbs, values, selector } }` */
  readonly permissions: JsonObject;
  /** Ids of contacts. */
  readonly contacts: readonly string[];
}

/** What the owner of a v1a Cozy does; a sharing is named by its `sharing_id`. */
export interface V1aOwner extends CommonOwner {
  share(spec: SharingSpec): Promise<Answer>;
  /** By `_id`. */
  sendMails(id: string): Promise<Answer>;
  /** Opens a link, and posts the refusal that the page of the time offered no button for. */
  refuse(link: string): Promise<Visit>;
  /** As recipient. */
  leave(sharingId: string): Promise<Answer>;
  /** As sharer. */
  revoke(sharingId: string): Promise<Answer>;
  revokeRecipient(sharingId: string, contactId: string): Promise<Answer>;
}

export function v1aOwner(cozy: CozyV1aState): V1aOwner {
  const common = commonOwner(cozy);
  const { browser } = cozy;
  const withScope = async (sharingId: string, path: string): Promise<Answer> =>
    common.ask("DELETE", path, { scope: scopeOf(sharingOf(cozy, sharingId).rules) });
  return {
    ...common,
    share: async ({ type, description, appSlug = "drive", permissions, contacts }) =>
      common.ask("POST", "/sharings/", {
        scope: scopeOf(readRules(permissions) ?? []),
        body: {
          sharing_type: type,
          ...(description === undefined ? {} : { description }),
          app_slug: appSlug,
          permissions,
          recipients: contacts.map((id) => ({ recipient: { id, type: "io.cozy.contacts" } })),
        },
      }),
    sendMails: async (id) => common.ask("PUT", `/sharings/${id}/sendMails`),
    refuse: async (link) => {
      const asked = await browser.openToConsent(link);
      const form = browser.consentOn(asked);
      if (form === null) throw new Error(`No page asks for consent: ${asked.status} at the end.`);
      return browser.submit(asked, { ...form, action: "/sharings/formRefuse" });
    },
    leave: async (sharingId) => withScope(sharingId, `/sharings/${sharingId}`),
    revoke: async (sharingId) => withScope(sharingId, `/sharings/${sharingId}`),
    revokeRecipient: async (sharingId, contactId) =>
      withScope(sharingId, `/sharings/${sharingId}/recipient/${contactId}`),
  };
}
