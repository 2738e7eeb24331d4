import type { Reply } from "../faulty-answers.ts";
import type { CozyV1aState } from "./sharing.ts";
import { badRequest, type CozyRequest, empty } from "./stack/wire.ts";

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
