import { z } from "zod";
import { type CozyMemberRow, type CozySharingRow, updateCozySharing } from "../store/cozy-sharings.ts";
import type { Db } from "../store/store.ts";

/** As it stands in the sharing's document (reference/cozy.md 7.1). Its index is its place in the list, where revoked ones stay. */
const groupSchema = z.object({
  id: z.string(),
  name: z.string(),
  /** Index of the member who brought it. */
  addedBy: z.number(),
  read_only: z.boolean(),
  revoked: z.boolean().optional(),
});
export type SharedGroup = z.output<typeof groupSchema>;

const attributesSchema = z.looseObject({ groups: z.array(groupSchema).default([]) });

/** The groups of contacts that a sharing of the account is with. */
export function groupsIn({
  attributes_json: text,
}: Pick<CozySharingRow, "attributes_json">): readonly SharedGroup[] {
  return attributesSchema.parse(JSON.parse(text)).groups;
}

export async function keepGroups(
  db: Db,
  { id, attributes_json: text }: CozySharingRow,
  groups: readonly SharedGroup[],
): Promise<void> {
  const attributes = attributesSchema.parse(JSON.parse(text));
  await updateCozySharing(db, id, { attributes_json: JSON.stringify({ ...attributes, groups }) });
}

const indexesSchema = z.array(z.number());

/** The indexes of the groups that a member is in. */
export function groupsOfMember({ groups_json: text }: Pick<CozyMemberRow, "groups_json">): readonly number[] {
  return indexesSchema.parse(JSON.parse(text));
}
