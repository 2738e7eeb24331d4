import type { OcmPermission, Peer, ShareForm } from "./peer.ts";
import type { Requirement } from "./share-body.ts";

/** A share as it is offered to another server. */
export interface GivenShare {
  /** OCM address of the recipient. */
  readonly shareWith: string;
  readonly name: string;
  readonly providerId: string;
  /** OCM address of whoever shares; owner and sender are one, so that each check of the signer holds. */
  readonly owner: string;
  readonly ownerName: string | null;
  readonly resourceType: "file" | "folder";
  /** Milliseconds since 1970. */
  readonly expiresAt: number | null;
  readonly secret: string;
  readonly permissions: readonly OcmPermission[];
  /** Only `multi` can say them. */
  readonly requirements: readonly Requirement[];
  /** Absolute; also found by `providerId` below the WebDAV path of the site's discovery. */
  readonly webdavUrl: string;
}

/**
 * The body of a share request in the form that a peer understands (reference/ocm.md 6.1). Nextcloud knows no folders by that
 * name, and Seafile needs `sharedBy`; the reva family refuses options, and reads `url` or `uri` by its age.
 */
export function writeShare(
  given: GivenShare,
  form: ShareForm,
  peer: Pick<Peer, "capabilities" | "form">,
): object {
  const { shareWith, name, providerId, owner, secret, permissions } = given;
  const ownerName = given.ownerName ?? undefined;
  const expiration = given.expiresAt === null ? undefined : Math.floor(given.expiresAt / 1000);
  const common = {
    shareWith,
    shareType: "user",
    name,
    description: "",
    providerId,
    owner,
    ownerDisplayName: ownerName,
    sender: owner,
    senderDisplayName: ownerName,
    expiration,
  };
  const requirements = given.requirements.length === 0 ? undefined : given.requirements;
  const webdav = { uri: providerId, url: given.webdavUrl, sharedSecret: secret, permissions, requirements };
  if (form === "multi") {
    const resourceType = peer.form === "webdav" ? "file" : given.resourceType;
    return { ...common, resourceType, protocol: { name: "multi", options: {}, webdav } };
  }
  const isOfMaster = peer.capabilities.has("exchange-token") || peer.capabilities.has("http-sig");
  return {
    ...common,
    resourceType: "file",
    sharedBy: owner,
    sharedByDisplayName: ownerName,
    protocol: {
      name: "webdav",
      options: { sharedSecret: secret, permissions: "{http://open-cloud-mesh.org/ns}share-permissions" },
      ...(isOfMaster ? { webdav } : {}),
    },
  };
}
