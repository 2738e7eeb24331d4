import type { Reply } from "../faulty-answers.ts";
import { newId } from "../cozy-v1a/stack/documents.ts";
import { coversAll, readRules } from "../cozy-v1a/stack/permissions.ts";
import { contactOf, newParty, type Party, sharingOf } from "../cozy-v1a/stack/sharing.ts";
import { showSharing } from "../cozy-v1a/stack/show.ts";
import {
  badRequest,
  type CozyRequest,
  empty,
  forbidden,
  internalError,
  invalidParameter,
  isObject,
  notFound,
  plainError,
  readObject,
  textAt,
} from "../cozy-v1a/stack/wire.ts";
import { invitation } from "./mail.ts";
import { type CozyV1bState, flowOf, isSharingType, type V1bSharing } from "./sharing.ts";

/** `POST /sharings/`: recipients are ids of contacts, unknown ones are skipped; nobody is registered at yet. */
export async function createSharing(cozy: CozyV1bState, request: CozyRequest): Promise<Reply> {
  const holder = cozy.credentials.holderOf(request);
  const body = readObject(request.body);
  const rules = readRules(body?.["permissions"]);
  if (body === null || rules === null) throw badRequest("The body is no sharing");
  if (!coversAll(holder.rules, rules))
    throw plainError(403, "Forbidden: the token does not hold these permissions");
  const type = textAt(body, "sharing_type");
  if (!isSharingType(type)) throw invalidParameter("sharing_type", "Invalid sharing type");
  const ids: unknown = body["recipients"];
  const asked = (Array.isArray(ids) ? ids : []).filter((id: unknown) => typeof id === "string");
  const known = asked.filter((id) => contactOf(cozy, id) !== null);
  if (known.length === 0) throw notFound("Recipient with given ID does not exist");
  const now = new Date().toISOString();
  const id = newId();
  const sharing: V1bSharing = {
    id,
    rev: `1-${newId()}`,
    sharingId: id,
    description: textAt(body, "description"),
    type,
    flow: flowOf(type),
    appSlug: textAt(body, "app_slug"),
    previewPath: textAt(body, "preview_path"),
    owner: true,
    revoked: false,
    permissions: isObject(body["permissions"]) ? body["permissions"] : {},
    rules,
    recipients: [],
    sharer: null,
    triggers: [],
    createdAt: now,
    updatedAt: now,
  };
  cozy.sharings.push(sharing);
  let isAllSent = true;
  for (const contactId of known) if (!(await invite(cozy, sharing, contactId))) isAllSent = false;
  if (!isAllSent) throw internalError("The mail could not be sent");
  return showSharing(cozy, 201, sharing);
}

/** Adds a recipient and mails it; the state "pending" is set in a copy and lost (reference/cozy.md, section 6). */
async function invite(cozy: CozyV1bState, sharing: V1bSharing, contactId: string): Promise<boolean> {
  const party: Party = { ...newParty(contactId), status: "mail-not-sent" };
  const code = cozy.credentials.issue("share", contactId, "");
  sharing.recipients.push(party);
  cozy.codes.set(`${sharing.id}/${contactId}`, code);
  if (contactOf(cozy, contactId)?.mail === "") return false;
  try {
    await cozy.post(invitation(cozy, { sharing, party, code }));
    return true;
  } catch {
    return false;
  }
}

/** `POST /sharings/:id/recipients?ContactID=`, for the app that the sharing is of. */
export async function addRecipient(cozy: CozyV1bState, request: CozyRequest, id: string): Promise<Reply> {
  const { appSlug } = sharingOf(cozy, id);
  const holder = cozy.credentials.holderOf(request);
  if (holder.kind !== "app" || holder.name !== appSlug) throw forbidden("The sharing is of another app");
  const sharing = cozy.sharings.find((each) => each.id === id);
  const contactId = request.query.get("ContactID") ?? "";
  if (sharing === undefined || contactOf(cozy, contactId) === null)
    throw notFound("Recipient does not exist");
  if (!(await invite(cozy, sharing, contactId))) throw internalError("The mail could not be sent");
  return showSharing(cozy, 200, sharing);
}

/** `POST /sharings/destination/:doctype?Dir_id=`: the slug is the token's, only files have a destination. */
export function setDestination(cozy: CozyV1bState, request: CozyRequest, doctype: string): Reply {
  const holder = cozy.credentials.holderOf(request);
  if (holder.kind !== "app") throw forbidden("Only an app has a destination");
  if (doctype !== "io.cozy.files") throw badRequest("Only files have a destination");
  const directory = request.query.get("Dir_id") ?? "";
  if (cozy.documents.get("io.cozy.files", directory)?.value["type"] !== "directory") {
    throw badRequest("The directory does not exist");
  }
  cozy.destinations.set(`${holder.name}/${doctype}`, directory);
  return empty(200);
}
