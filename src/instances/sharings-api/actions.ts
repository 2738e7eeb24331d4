import type { CozySharingRow } from "../../store/cozy-sharings.ts";
import type { CozyGeneration } from "../../store/instance-tables.ts";
import { JsonApiError } from "../json-api.ts";
import type { OwnerActions } from "../owner-actions.ts";
import type { Generation, InstanceParts } from "../parts.ts";

/** What each kind of sharing is done with. */
export type Actions = Generation["actions"];

/** What the sharings API is given. */
export interface ApiParts extends InstanceParts {
  readonly actions: Actions;
}

/** Throws JsonApiError 422 for a kind of sharing that cannot be made here. */
export function actionsOf(generation: CozyGeneration, { actions }: Pick<ApiParts, "actions">): OwnerActions {
  const found = actions[generation];
  if (found !== undefined) return found;
  throw new JsonApiError(422, {
    detail: `Sharings of generation ${generation} cannot be made or changed here.`,
    field: "sharing_type",
  });
}

/** The same for a sharing that stands. */
export function actionsFor(sharing: CozySharingRow, parts: Pick<ApiParts, "actions">): OwnerActions {
  return actionsOf(sharing.generation, parts);
}
