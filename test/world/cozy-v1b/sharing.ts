import { contactOf, type Party, type Sharing, type SharingCozy } from "../cozy-v1a/stack/sharing.ts";
import { textAt } from "../cozy-v1a/stack/wire.ts";

const flows = { "one-shot": "none", "one-way": "down", "two-way": "both" } as const;
export type SharingType = keyof typeof flows;

export function isSharingType(text: string): text is SharingType {
  return Object.hasOwn(flows, text);
}

export function flowOf(type: SharingType): Sharing["flow"] {
  return flows[type];
}

export interface V1bSharing extends Sharing {
  readonly previewPath: string;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** What the routes of v1b work on. */
export interface CozyV1bState extends SharingCozy {
  readonly sharings: V1bSharing[];
  /** Sharecodes as the permission documents of type shared-by-me hold them, by `sharing/contact`. */
  readonly codes: Map<string, string>;
  /** Destination directories by slug and doctype, as `slug/doctype`. */
  readonly destinations: Map<string, string>;
}

export interface Invited {
  readonly sharing: V1bSharing;
  readonly party: Party;
  readonly code: string;
}

/** Whom a sharecode stands for; null where it is unknown or the owner has revoked. */
export function invitedBy({ sharings, codes }: CozyV1bState, code: string): Invited | null {
  for (const sharing of sharings) {
    const party = sharing.recipients.find(
      ({ contactId }) => codes.get(`${sharing.id}/${contactId}`) === code,
    );
    const isOver = sharing.revoked || party?.status === "revoked";
    if (sharing.owner && party !== undefined && !isOver && code !== "") return { sharing, party, code };
  }
  return null;
}

/** Name of a contact, else its mail address. */
export function nameOf(cozy: CozyV1bState, contactId: string): string {
  const contact = contactOf(cozy, contactId);
  const name = textAt(contact?.attributes ?? null, "fullname");
  return name === "" ? (contact?.mail ?? "") : name;
}
