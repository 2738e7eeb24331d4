import type { PermissionProblem, PermissionRule } from "./cozy-permissions.ts";

/** Whom somebody wants to share with: a contact by id, or a stranger by his address or his Cozy. */
export interface AskedRecipient {
  /** Its place in the request, for example `recipients.0.recipient.id`. */
  readonly field: string;
  readonly contactId: string | null;
  readonly address: string | null;
  /** As typed. */
  readonly url: string | null;
  readonly isReadOnly: boolean;
}

/** A group of contacts that somebody wants to share with (v3). */
export interface AskedGroup {
  readonly field: string;
  readonly id: string;
  readonly isReadOnly: boolean;
}

/** A sharing that an application, or the command line, asks for; in no generation's wording any more. */
export interface AskedSharing {
  readonly generation: "v2" | "v1a" | "v1b" | "v3";
  /** The generation's own word; `rules` for v3. */
  readonly sharingType: string;
  readonly description: string | null;
  readonly appSlug: string | null;
  readonly previewPath: string | null;
  /** As cozy_sharing.rules_json keeps it. */
  readonly rules: unknown;
  /** What an application's token has to hold for it. */
  readonly needs: readonly PermissionRule[];
  /** As cozy_sharing.attributes_json keeps it. */
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly recipients: readonly AskedRecipient[];
  readonly groups?: readonly AskedGroup[];
}

export type ReadRequest =
  | { readonly kind: "asked"; readonly asked: AskedSharing }
  | { readonly kind: "wrong"; readonly status: number; readonly problems: readonly PermissionProblem[] };

/** A text of a request; null for none; undefined where it is no text or too long. */
export function optionalText(value: unknown, mostChars: number): string | null | undefined {
  if (value === undefined || value === null || value === "") return null;
  return typeof value === "string" && value.length <= mostChars ? value : undefined;
}
