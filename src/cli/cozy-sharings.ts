import { answering } from "../answering.ts";
import { instanceParts } from "../instance-parts.ts";
import { createInstances } from "../instances/instances.ts";
import { JsonApiError } from "../instances/json-api.ts";
import type { ApiParts } from "../instances/sharings-api/actions.ts";
import { noWayOut } from "../no-way-out.ts";
import type { Site } from "../site.ts";
import { cozySharingsByPrefix, type OwnedCozySharing } from "../store/cozy-sharings.ts";
import { instanceUrlOf } from "../store/instances.ts";
import type { Db } from "../store/store.ts";
import { CommandError } from "./command.ts";
import { theOne } from "./found.ts";

/** What commands about Cozy sharings need: they plan, and the daemon asks the other Cozys. */
export function apiParts(site: Site): ApiParts {
  const current = () => site.config;
  const parts = instanceParts(site, current, { http: noWayOut, receiving: () => answering(site, current) });
  return { ...parts, actions: createInstances(parts).actions };
}

/** The one Cozy sharing whose id begins so. Throws CommandError. */
export async function cozySharing(db: Db, typed: string): Promise<OwnedCozySharing> {
  return theOne(await cozySharingsByPrefix(db, typed), typed, "sharing cozy");
}

/** The account's own host, `https://host[:port]`. Throws CommandError where it has none. */
export async function ownUrl(
  db: Db,
  account: { readonly id: string; readonly name: string },
): Promise<string> {
  const url = await instanceUrlOf(db, account.id);
  if (url !== null) return url;
  const { name } = account;
  throw new CommandError(
    `account ${name} has no instance host, in whose name Cozys share; give it one: usher account instance ${name} HOST`,
  );
}

/** Does what the sharings API does, all or nothing; what it refuses ends the command with the same words. */
export async function changing<Result>(site: Site, change: (db: Db) => Promise<Result>): Promise<Result> {
  try {
    return await site.store.transaction(change);
  } catch (error) {
    if (!(error instanceof JsonApiError)) throw error;
    const lines = error.problems.map(
      ({ field, detail }) => `  ${field === undefined ? "" : `${field}: `}${detail}`,
    );
    throw new CommandError(["nothing was changed:", ...lines].join("\n"));
  }
}
