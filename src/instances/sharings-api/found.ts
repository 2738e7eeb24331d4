import {
  contains,
  containsAll,
  type PermissionRule,
  readPermissions,
} from "../../domain/cozy-permissions.ts";
import { isObject } from "../../domain/json.ts";
import type { PeerRequest } from "../../http/peer-route.ts";
import { permissionOf, readRule } from "../../protocols/cozy/create-request.ts";
import { type CozySharingRow, cozySharingNamed } from "../../store/cozy-sharings.ts";
import type { Db } from "../../store/store.ts";
import { type Access, requireAccess, requireApplication } from "../documents/access.ts";
import { JsonApiError } from "../json-api.ts";

/** The sharing that the path names by either id. Throws JsonApiError 404. */
export async function findSharing(
  db: Db,
  { instance: { accountId }, params }: Pick<PeerRequest, "instance" | "params">,
): Promise<CozySharingRow> {
  const row = await cozySharingNamed(db, accountId, params["id"] ?? "");
  if (row !== undefined) return row;
  throw new JsonApiError(404, { detail: "There is no such sharing." });
}

/** What an application's token has to hold for a sharing: its rules, as permissions. */
export function rulesOf({ generation, rules_json: text }: CozySharingRow): readonly PermissionRule[] {
  const rules: unknown = JSON.parse(text);
  if (generation === "v1a" || generation === "v1b") {
    const read = readPermissions(rules);
    return read.kind === "rules" ? read.rules : [];
  }
  const list: readonly unknown[] = Array.isArray(rules) ? rules : [];
  return list.flatMap((rule) => (generation === "v3" ? fromRule(rule) : fromTarget(rule)));
}

function fromRule(rule: unknown): readonly PermissionRule[] {
  const read = readRule(rule);
  return read === null ? [] : [permissionOf(read)];
}

/** A rule of v2: one document. */
function fromTarget(rule: unknown): readonly PermissionRule[] {
  if (!isObject(rule)) return [];
  const read = readPermissions({ rule: { type: rule["docType"], values: [rule["id"]] } });
  return read.kind === "rules" ? read.rules : [];
}

/** Throws JsonApiError 403 unless the access holds everything that is shared. */
export function requireAll({ rules }: Access, needed: readonly PermissionRule[]): void {
  if (needed.length > 0 && containsAll(rules, needed)) return;
  throw new JsonApiError(403, {
    detail: "The token's permissions do not hold all that is shared; it needs every rule with its verbs.",
    field: "permissions",
  });
}

/** Throws JsonApiError 403 unless the access holds one of the rules. */
export function requireSome({ rules }: Access, shared: readonly PermissionRule[]): void {
  if (shared.some((narrow) => rules.some((wide) => contains(wide, { ...narrow, verbs: ["GET"] })))) return;
  throw new JsonApiError(403, { detail: "The token's permissions hold nothing of this sharing." });
}

/** An application that may change the sharing that the path names. */
export async function requireOwnSharing(
  db: Db,
  request: PeerRequest,
): Promise<{ readonly access: Access; readonly sharing: CozySharingRow }> {
  const access = requireApplication(await requireAccess(db, request, Date.now()));
  const sharing = await findSharing(db, request);
  requireAll(access, rulesOf(sharing));
  return { access, sharing };
}

/** Throws JsonApiError 403 where somebody else shares. */
export function requireOwner({ is_owner: owner }: CozySharingRow): void {
  if (owner === 1) return;
  throw new JsonApiError(403, { detail: "Only the one who shares may do this." });
}
