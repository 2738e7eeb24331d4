import type { Reply } from "../faulty-answers.ts";
import { contactOf, type CozyV1aState, type Sharing } from "./sharing.ts";
import { jsonApi, type JsonObject } from "./stack/wire.ts";

/** A sharing as JSON:API; the OAuth secrets of the recipients are no attributes (reference/cozy.md 5.3). */
export function showSharing(cozy: CozyV1aState, status: number, sharing: Sharing): Reply {
  const contacts = sharing.recipients.map(({ contactId }) => contactOf(cozy, contactId));
  return jsonApi(status, {
    data: {
      type: "io.cozy.sharings",
      id: sharing.id,
      meta: { rev: sharing.rev },
      attributes: attributesOf(sharing),
      links: { self: `/sharings/${sharing.id}` },
      relationships: {
        recipients: {
          data: sharing.recipients.map(({ contactId, status: state }) => ({
            id: contactId,
            type: "io.cozy.contacts",
            status: state,
          })),
        },
      },
    },
    included: contacts
      .filter((contact) => contact !== null)
      .map(({ id, rev, attributes }) => ({
        type: "io.cozy.contacts",
        id,
        meta: { rev },
        attributes,
        links: { self: `/data/io.cozy.contacts/${id}` },
      })),
  });
}

function attributesOf(sharing: Sharing): JsonObject {
  const { description, sharer } = sharing;
  return {
    ...(description === "" ? {} : { description }),
    sharing_id: sharing.sharingId,
    sharing_type: sharing.type,
    app_slug: sharing.appSlug,
    owner: sharing.owner,
    ...(sharing.revoked ? { revoked: true } : {}),
    sharer: {
      url: sharer?.url ?? "",
      sharer_status: sharer === null ? null : { status: sharer.party.status },
    },
    permissions: sharing.permissions,
  };
}
