import { filesType } from "../../domain/cozy-document.ts";
import { isDoctype } from "../../domain/cozy-permissions.ts";
import type { PeerReply, PeerRequest, PeerRoute } from "../../http/peer-route.ts";
import { noteUse, openDocument, requireAccess, requireApplication } from "../documents/access.ts";
import { chooseDestination, isStandingFolder } from "../documents/destination.ts";
import { JsonApiError, jsonApiRoute } from "../json-api.ts";
import type { ApiParts } from "./actions.ts";
import { choosingDirectory, choosingDirectoryOfType } from "./operations.ts";

interface Choice {
  readonly slug: string | null;
  readonly slugField: string;
  readonly doctype: string;
}

/** Where received files go, by application: the document's route, and the later one. */
export function destinationRoutes(parts: ApiParts): readonly PeerRoute[] {
  return [
    jsonApiRoute(
      { method: "POST", path: "/sharings/app/destinationDirectory", operation: choosingDirectory },
      async (request) => choose(parts, request, () => named(request)),
    ),
    jsonApiRoute(
      { method: "POST", path: "/sharings/destination/:doctype", operation: choosingDirectoryOfType },
      async (request) => choose(parts, request, (slug) => ofToken(request, slug)),
    ),
  ];
}

function named({ query }: PeerRequest): Choice {
  return { slug: query.get("App_slug"), slugField: "App_slug", doctype: query.get("Doctype") ?? "" };
}

function ofToken({ params }: PeerRequest, slug: string | null): Choice {
  const doctype = params["doctype"] ?? "";
  if (doctype !== filesType) throw wrong("Doctype", `Only ${filesType} can be chosen for.`);
  return { slug, slugField: "App_slug", doctype };
}

async function choose(
  { store, queue }: ApiParts,
  request: PeerRequest,
  choiceOf: (tokenSlug: string | null) => Choice,
): Promise<PeerReply> {
  const { accountId } = request.instance;
  await store.transaction(async (db) => {
    const access = requireApplication(await requireAccess(db, request, Date.now()));
    const { slug, slugField, doctype } = choiceOf(access.appSlug);
    if (slug === null || !/^[\w.-]{1,64}$/.test(slug)) throw wrong(slugField, "It names the application.");
    if (!isDoctype(doctype)) throw wrong("Doctype", `It is a document type, for example ${filesType}.`);
    const folder = request.query.get("Dir_id") ?? "";
    if (folder === "") throw wrong("Dir_id", "It is the id of a folder.");
    await openDocument(db, access, { key: { accountId, doctype: filesType, id: folder }, verb: "GET" });
    if (!(await isStandingFolder(db, accountId, folder))) throw wrong("Dir_id", "There is no such folder.");
    await noteUse(db, request, Date.now());
    if (await chooseDestination(db, { accountId, slug, doctype, folder }, queue)) return;
    throw new JsonApiError(413, { detail: "The account has no room for more documents; remove some." });
  });
  return { status: 204 };
}

function wrong(parameter: string, detail: string): JsonApiError {
  return new JsonApiError(400, { parameter, detail });
}
