import type { Answer } from "../cozy-v1a/stack/outgoing.ts";
import { type CommonOwner, commonOwner } from "../cozy-v1a/stack/owner.ts";
import { readRules, scopeOf } from "../cozy-v1a/stack/permissions.ts";
import { sharingOf } from "../cozy-v1a/stack/sharing.ts";
import type { JsonObject } from "../cozy-v1a/stack/wire.ts";
import type { CozyV1bState, SharingType } from "./sharing.ts";

export interface SharingSpec {
  readonly type: SharingType;
  readonly description?: string;
  readonly appSlug?: string;
  readonly previewPath?: string;
  /** `{ title: { type, verbs, values, selector } }` */
  readonly permissions: JsonObject;
  /** Ids of contacts. */
  readonly contacts: readonly string[];
}

/** What the owner of a v1b Cozy does; a sharing is named by its id. There is no way to refuse. */
export interface V1bOwner extends CommonOwner {
  share(spec: SharingSpec): Promise<Answer>;
  addRecipient(id: string, contactId: string, slug?: string): Promise<Answer>;
  /** As recipient. */
  leave(id: string): Promise<Answer>;
  /** As sharer. */
  revoke(id: string): Promise<Answer>;
  revokeRecipient(id: string, contactId: string): Promise<Answer>;
}

export function v1bOwner(cozy: CozyV1bState): V1bOwner {
  const common = commonOwner(cozy);
  const withScope = async (id: string, path: string): Promise<Answer> =>
    common.ask("DELETE", path, { scope: scopeOf(sharingOf(cozy, id).rules) });
  return {
    ...common,
    share: async ({ type, description, appSlug = "drive", previewPath, permissions, contacts }) =>
      common.ask("POST", "/sharings/", {
        scope: scopeOf(readRules(permissions) ?? []),
        slug: appSlug,
        body: {
          sharing_type: type,
          ...(description === undefined ? {} : { description }),
          app_slug: appSlug,
          ...(previewPath === undefined ? {} : { preview_path: previewPath }),
          permissions,
          recipients: [...contacts],
        },
      }),
    addRecipient: async (id, contactId, slug = "drive") =>
      common.ask("POST", `/sharings/${id}/recipients?ContactID=${contactId}`, {
        scope: scopeOf(sharingOf(cozy, id).rules),
        slug,
      }),
    leave: async (id) => withScope(id, `/sharings/${id}`),
    revoke: async (id) => withScope(id, `/sharings/${id}`),
    revokeRecipient: async (id, contactId) => withScope(id, `/sharings/${id}/recipient/${contactId}`),
  };
}
