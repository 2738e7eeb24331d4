import type { Reply } from "../../faulty-answers.ts";
import { contactOf, type Sharing, type SharingCozy, sharingOf } from "./sharing.ts";
import { covers } from "./permissions.ts";
import { type CozyRequest, jsonApi, plainError } from "./wire.ts";

/** A sharing as JSON:API; the OAuth secrets of the recipients are no attributes (reference/cozy.md 5.3). */
export function showSharing(cozy: SharingCozy, status: number, sharing: Sharing): Reply {
  const contacts = sharing.recipients.map(({ contactId }) => contactOf(cozy, contactId));
  return jsonApi(status, {
    data: {
      type: "io.cozy.sharings",
      id: sharing.id,
      meta: { rev: sharing.rev },
      attributes: cozy.attributesOf(sharing),
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

/** `GET /sharings/:sharing-id`: a token with a rule that contains one of the sharing. */
export function getSharing(cozy: SharingCozy, request: CozyRequest, sharingId: string): Reply {
  const sharing = sharingOf(cozy, sharingId);
  const { rules } = cozy.credentials.holderOf(request);
  if (!sharing.rules.some((rule) => covers(rules, rule))) throw plainError(403, "Forbidden");
  return showSharing(cozy, 200, sharing);
}

/** `GET /permissions/doctype/:doctype/...` (reference/cozy.md 5.6). */
export function listShared(cozy: SharingCozy, request: CozyRequest, doctype: string, isOwn: boolean): Reply {
  cozy.credentials.holderOf(request);
  const found = cozy.sharings.filter(
    ({ owner, rules }) => owner === isOwn && rules.some(({ type }) => type === doctype),
  );
  return jsonApi(200, {
    data: found.map(({ id, permissions }) => ({
      type: "io.cozy.permissions",
      id,
      attributes: { source_id: id, permissions },
    })),
  });
}
