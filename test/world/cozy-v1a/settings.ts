import type { Reply } from "../faulty-answers.ts";
import { type CozyV1aState, sharingOf } from "./sharing.ts";
import { showSharing } from "./show.ts";
import { covers } from "./stack/permissions.ts";
import { listReply } from "./stack/stack.ts";
import { badRequest, type CozyRequest, empty, plainError } from "./stack/wire.ts";

/** `GET /sharings/:sharing-id`: a token with a rule that contains one of the sharing. */
export function getSharing(cozy: CozyV1aState, request: CozyRequest, sharingId: string): Reply {
  const sharing = sharingOf(cozy, sharingId);
  const { rules } = cozy.credentials.holderOf(request);
  if (!sharing.rules.some((rule) => covers(rules, rule))) throw plainError(403, "Forbidden");
  return showSharing(cozy, 200, sharing);
}

/** `POST /sharings/app/destinationDirectory` (reference/cozy.md 5.6): nobody is asked who he is. */
export function setDestination({ documents, destinations }: CozyV1aState, { query }: CozyRequest): Reply {
  const [slug, doctype, directory] = ["App_slug", "Doctype", "Dir_id"].map((name) => query.get(name) ?? "");
  if (slug === undefined || slug === "") throw badRequest("The slug of the app is missing");
  if (doctype === undefined || doctype === "") throw badRequest("The doctype is missing");
  if (!documents.has(doctype)) throw badRequest("The doctype has no database");
  if (directory === undefined || directory === "") throw badRequest("The directory is missing");
  if (documents.get("io.cozy.files", directory)?.value["type"] !== "directory") {
    throw badRequest("The directory does not exist");
  }
  destinations.set(`${slug}/${doctype}`, directory);
  return empty(200);
}

/** `GET /permissions/doctype/:doctype/sharedWithMe|sharedWithOthers` (reference/cozy.md 5.6). */
export function listShared(cozy: CozyV1aState, request: CozyRequest, doctype: string, whose: string): Reply {
  cozy.credentials.holderOf(request);
  const isOwn = whose === "sharedWithOthers";
  const found = cozy.sharings.filter(
    ({ owner, rules }) => owner === isOwn && rules.some(({ type }) => type === doctype),
  );
  return listReply(
    found.map(({ id, permissions }) => ({
      type: "io.cozy.permissions",
      id,
      attributes: { source_id: id, permissions },
    })),
  );
}
