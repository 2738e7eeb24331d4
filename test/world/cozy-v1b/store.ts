import type { Client } from "../cozy-v1a/stack/credentials.ts";
import { newId } from "../cozy-v1a/stack/documents.ts";
import { readClient, readTokenPair } from "../cozy-v1a/stack/oauth.ts";
import { rulesOf, setOf } from "../cozy-v1a/stack/permissions.ts";
import { addCozyUrl, contactOf, homeOf, newParty } from "../cozy-v1a/stack/sharing.ts";
import { deletionTriggers, updateTriggers } from "../cozy-v1a/stack/triggers.ts";
import { isObject, type JsonObject, textAt } from "../cozy-v1a/stack/wire.ts";
import { type CozyV1bState, flowOf, isSharingType } from "./sharing.ts";

/** Keeps an accepted sharing under the sharer's id, and the sharer as a contact. Throws where the answer is no sharing. */
export function storeSharing(
  cozy: CozyV1bState,
  client: Client,
  scope: string,
  answer: JsonObject | null,
): void {
  const id = textAt(answer, "_id") === "" ? textAt(answer, "id") : textAt(answer, "_id");
  const type = textAt(answer, "sharing_type");
  const rules = rulesOf(scope);
  if (!/^[0-9a-f]{32}$/.test(id) || !isSharingType(type) || rules === null)
    throw new Error("This is no sharing.");
  const flow = flowOf(type);
  const given = isObject(answer?.["sharer"]) ? answer["sharer"] : {};
  const theirs = readClient(given["client"]);
  const pair = readTokenPair(given["access_token"]);
  if (flow === "both" && (theirs === null || pair === null)) throw new Error("The credentials are missing.");
  const party = { ...newParty(""), client: theirs, pair, hostClientId: client.client_id };
  addSharerContact(cozy, homeOf(client), answer?.["share_contact"]);
  const others = cozy.sharings.filter((each) => each.id !== id);
  const triggers = { none: [], down: deletionTriggers(rules), both: updateTriggers(rules) }[flow];
  cozy.sharings.splice(0, cozy.sharings.length, ...others, {
    id,
    rev: `1-${newId()}`,
    sharingId: id,
    description: textAt(answer, "description"),
    type,
    flow,
    appSlug: textAt(answer, "app_slug"),
    previewPath: textAt(answer, "preview_path"),
    owner: false,
    revoked: false,
    permissions: setOf(rules),
    rules,
    recipients: [],
    sharer: { url: homeOf(client), party: { ...party, status: "accepted" } },
    triggers,
    createdAt: textAt(answer, "created_at"),
    updatedAt: textAt(answer, "updated_at"),
  });
}

/** Found by mail address, then by URL; else made. */
function addSharerContact(cozy: CozyV1bState, url: string, given: unknown): void {
  const shared = isObject(given) ? given : null;
  const mail = textAt(shared, "email");
  const contacts = cozy.documents
    .all("io.cozy.contacts")
    .map(({ id }) => contactOf(cozy, id))
    .filter((contact) => contact !== null);
  const known =
    contacts.find((contact) => mail !== "" && contact.mail === mail) ??
    contacts.find((contact) => contact.cozy === url);
  if (known !== undefined) {
    addCozyUrl(cozy, known, url);
    return;
  }
  cozy.documents.put("io.cozy.contacts", newId(), {
    fullname: textAt(shared, "name"),
    email: mail === "" ? [] : [{ address: mail }],
    cozy: [{ url }],
  });
}
