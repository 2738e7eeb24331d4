import { contains, isDoctype, permissionMap, type PermissionRule } from "../../domain/cozy-permissions.ts";
import type { PeerReply, PeerRequest, PeerRoute } from "../../http/peer-route.ts";
import { cozySharingsOf } from "../../store/cozy-sharings.ts";
import { requireAccess, requireApplication } from "../documents/access.ts";
import { documentReply, JsonApiError, jsonApiRoute } from "../json-api.ts";
import type { ApiParts } from "./actions.ts";
import { rulesOf } from "./found.ts";
import { listing } from "./operations.ts";

/** What is shared with the account, and by it; each under the document's name and the one that came after it. */
export function listingRoutes(parts: ApiParts): readonly PeerRoute[] {
  const lists = [
    { name: "sharedWithMe", isOwner: false, isLater: false },
    { name: "shared-with-me", isOwner: false, isLater: true },
    { name: "sharedWithOthers", isOwner: true, isLater: false },
    { name: "shared-by-me", isOwner: true, isLater: true },
  ] as const;
  return lists.map((wanted) => {
    const summary = wanted.isOwner ? "What the account shares" : "What is shared with the account";
    return jsonApiRoute(
      {
        method: "GET",
        path: `/permissions/doctype/:doctype/${wanted.name}`,
        operation: listing(`list_${wanted.name.replaceAll("-", "_")}`, summary),
      },
      async (request) => list(parts, request, wanted),
    );
  });
}

/** Pseudo permissions: the rules of each sharing that the token opens, with the sharing's id as their source (reference/cozy.md 5.6). */
async function list(
  { store: { db } }: ApiParts,
  request: PeerRequest,
  { isOwner, isLater }: { readonly isOwner: boolean; readonly isLater: boolean },
): Promise<PeerReply> {
  const access = requireApplication(await requireAccess(db, request, Date.now()));
  const doctype = request.params["doctype"] ?? "";
  const mayRead = access.rules.some(({ type, verbs }) => type === doctype && verbs.includes("GET"));
  if (!isDoctype(doctype) || !mayRead) {
    throw new JsonApiError(403, { detail: `The token's permissions hold nothing of ${doctype}.` });
  }
  const sharings = await cozySharingsOf(db, request.instance.accountId);
  const wanted = sharings.filter((row) => (row.is_owner === 1) === isOwner && row.revoked_at === null);
  const documents = wanted.flatMap((row) => {
    const rules = rulesOf(row).filter((rule) => rule.type === doctype && isOpen(access.rules, rule));
    if (rules.length === 0) return [];
    const { document_id: id } = row;
    const attributes = {
      type: isOwner ? "shared-by-me" : "shared-with-me",
      source_id: isLater ? `io.cozy.sharings/${id}` : id,
      permissions: permissionMap(rules),
    };
    return [{ type: "io.cozy.permissions", id, attributes }];
  });
  return documentReply(200, { data: documents });
}

function isOpen(rules: readonly PermissionRule[], shared: PermissionRule): boolean {
  return rules.some((wide) => contains(wide, { ...shared, verbs: ["GET"] }));
}
