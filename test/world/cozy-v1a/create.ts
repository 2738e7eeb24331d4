import type { Reply } from "../faulty-answers.ts";
import { discoveryLink, requestLink } from "./links.ts";
import { sharingRequest } from "./mail.ts";
import { type CozyV1aState, flowOf, isSharingType, newSharingId } from "./sharing.ts";
import { type Contact, contactOf, cozyOrigin, newParty, type Party, type Sharing } from "./stack/sharing.ts";
import { showSharing } from "./stack/show.ts";
import { newId } from "./stack/documents.ts";
import { registerAt } from "./stack/oauth.ts";
import { coversAll, readRules } from "./stack/permissions.ts";
import {
  badRequest,
  type CozyRequest,
  empty,
  internalError,
  invalidParameter,
  isObject,
  type JsonObject,
  notFound,
  plainError,
  readObject,
  textAt,
  unqualified,
} from "./stack/wire.ts";

/** `POST /sharings/` (reference/cozy.md 5.3 and 5.4). */
export async function createSharing(cozy: CozyV1aState, request: CozyRequest): Promise<Reply> {
  const holder = cozy.credentials.holderOf(request);
  const body = readObject(request.body);
  const rules = readRules(body?.["permissions"]);
  if (body === null || rules === null) throw badRequest("The body is no sharing");
  if (!coversAll(holder.rules, rules))
    throw plainError(403, "Forbidden: the token does not hold these permissions");
  const type = textAt(body, "sharing_type");
  if (!isSharingType(type)) throw invalidParameter("sharing_type", "Invalid sharing type");
  const contacts = recipientIds(body).map((id) => {
    const contact = contactOf(cozy, id);
    if (contact === null) throw notFound("Recipient with given ID does not exist");
    return contact;
  });
  const recipients: Party[] = [];
  for (const contact of contacts) recipients.push(await registeredParty(cozy, contact));
  const sharing: Sharing = {
    id: newId(),
    rev: `1-${newId()}`,
    sharingId: newSharingId(),
    description: textAt(body, "description"),
    type,
    flow: flowOf(type),
    appSlug: textAt(body, "app_slug"),
    owner: true,
    revoked: false,
    permissions: isObject(body["permissions"]) ? body["permissions"] : {},
    rules,
    recipients,
    sharer: null,
    triggers: [],
  };
  cozy.sharings.push(sharing);
  if (!(await sendSharingMails(cozy, sharing))) throw internalError("The mail could not be sent");
  return showSharing(cozy, 201, sharing);
}

function recipientIds(body: JsonObject): readonly string[] {
  const recipients: unknown = body["recipients"];
  const list: readonly unknown[] = Array.isArray(recipients) ? recipients : [];
  return list.map((each) => {
    const recipient = isObject(each) ? each["recipient"] : null;
    return textAt(isObject(recipient) ? recipient : null, "id");
  });
}

/** A contact with a URL is registered at once; a failure is its own status (reference/cozy.md 5.4, step 2). */
async function registeredParty(cozy: CozyV1aState, { id, cozy: url }: Contact): Promise<Party> {
  const party = newParty(id);
  if (url === "") return party;
  try {
    party.client = await registerAt(cozy, cozyOrigin(url));
    party.status = "mail-not-sent";
  } catch {
    party.status = "unregistered";
  }
  return party;
}

/** Mails whom a mail is due (reference/cozy.md 5.4, step 4); whether all went well. One failure stops no other. */
async function sendSharingMails(cozy: CozyV1aState, sharing: Sharing): Promise<boolean> {
  let isAllSent = true;
  for (const party of sharing.recipients) {
    if (!(await mailTo(cozy, sharing, party))) isAllSent = false;
  }
  return isAllSent;
}

async function mailTo(cozy: CozyV1aState, sharing: Sharing, party: Party): Promise<boolean> {
  const contact = contactOf(cozy, party.contactId);
  if (contact === null || contact.mail === "") return false;
  const isDiscovery = contact.cozy === "";
  if (!isDiscovery && party.status !== "mail-not-sent") return true;
  try {
    const link = isDiscovery
      ? discoveryLink(cozy.origin, sharing, contact.id, contact.mail)
      : requestLink(sharing, contact.cozy, party.client);
    await cozy.post(sharingRequest(cozy, contact.mail, sharing.description, link));
    party.status = "pending";
    return true;
  } catch {
    party.status = "mail-not-sent";
    return false;
  }
}

/** By CouchDB's `_id`, unlike the routes that read and delete (reference/cozy.md 5.2). */
function sharingById({ sharings }: CozyV1aState, id: string): Sharing {
  const found = sharings.find((each) => each.id === id);
  if (found === undefined) throw notFound("Sharing does not exist");
  return found;
}

/** `PUT /sharings/:id/recipient`: nobody is asked who he is. The mail is left to `sendMails`. */
export async function addRecipient(cozy: CozyV1aState, request: CozyRequest, id: string): Promise<Reply> {
  const sharing = sharingById(cozy, id);
  const contact = contactOf(cozy, textAt(readObject(request.body), "id"));
  if (contact === null) throw notFound("Recipient with given ID does not exist");
  // Upstream's log line takes the first URL of a contact that has none (reference/cozy.md 5.3).
  if (contact.cozy === "") throw unqualified("runtime error: index out of range");
  sharing.recipients.push(await registeredParty(cozy, contact));
  return showSharing(cozy, 200, sharing);
}

/** `PUT /sharings/:id/sendMails`: nobody is asked who he is. */
export async function sendMails(cozy: CozyV1aState, _request: CozyRequest, id: string): Promise<Reply> {
  if (!(await sendSharingMails(cozy, sharingById(cozy, id))))
    throw internalError("The mail could not be sent");
  return empty(200);
}
