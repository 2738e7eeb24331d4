import type { z } from "zod";
import type { Reply } from "../faulty-answers.ts";
import { sendAnswer } from "./accept.ts";
import { checkRules } from "./documents.ts";
import { alreadyAccepted, type Instance, invalidSharing, selfIn } from "./instance.ts";
import { authorizeLink } from "./links.ts";
import { mailNotification } from "./mails.ts";
import { nameFromContacts } from "./members.ts";
import { newSharing, noCredentials, ownerOf, type Sharing, sharingDocument } from "./model.ts";
import { sharingRequest } from "./schemas.ts";
import { writeShortcut } from "./shortcuts.ts";
import { isTrusted } from "./trust.ts";
import { type CozyRequest, jsonApi, readJson, Refusal } from "./wire.ts";

/** Reference/cozy.md 7.6. */
const autoAcceptTries = 4;
const autoAcceptPauseMs = 250;

/** PUT /sharings/:id: a request arrives, from anybody (reference/cozy.md 7.4). */
export function receiveRequest(instance: Instance, request: CozyRequest, id: string): Reply {
  const known = instance.sharings.get(id);
  if (known?.owner === true) throw invalidSharing();
  if (known?.active === true) throw alreadyAccepted();
  const sharing = readSharing(instance, request, id);
  const link = announcedLink(instance, request, sharing);
  if (known !== undefined) sharing.shortcut_id = known.shortcut_id;
  instance.sharings.set(id, sharing);
  if (link !== null) announce(instance, sharing, link);
  autoAccept(instance, request, sharing);
  return jsonApi(201, { data: sharingDocument(sharing) });
}

function readSharing(instance: Instance, request: CozyRequest, id: string): Sharing {
  const { credentials, ...attributes } = readJson(request.body, sharingRequest).data.attributes;
  checkRules(attributes.rules);
  const [sharer, ...others] = attributes.members;
  if (sharer === undefined || others.length === 0 || !URL.canParse(sharer.instance)) throw invalidSharing();
  if (sharer.status !== "owner") throw invalidSharing();
  noteLeaks(instance, attributes, credentials.length);
  const [given = { state: "", drive_token: "" }] = credentials;
  const received = newSharing({ id, owner: false, ...attributes });
  received.credentials = [{ ...noCredentials(), ...given }];
  for (const member of received.members) {
    member.name = "";
    member.instance = member.instance.replace(/\/$/, "");
  }
  nameFromContacts(instance, received.members);
  if (selfIn(instance, received) === null) throw new Refusal(400, "The sharing is for somebody else");
  return received;
}

type Attributes = z.output<typeof sharingRequest>["data"]["attributes"];

/** A sharer keeps the names of its contacts, the addresses of other members and its states to itself (reference/cozy.md 7.4). */
function noteLeaks(
  instance: Instance,
  { members, drive }: Pick<Attributes, "members" | "drive">,
  credentialsCount: number,
): void {
  const others = members.filter(
    ({ instance: at }, index) => index > 0 && at.replace(/\/$/, "") !== instance.origin,
  );
  if (others.some(({ instance: at }) => at !== ""))
    instance.refuse("PUT request: it tells where another member is");
  if (members.some(({ name }) => name !== "")) instance.refuse("PUT request: it tells names of contacts");
  if (!drive && credentialsCount > 0) instance.refuse("PUT request: it has credentials and is no drive");
}

/** The link of the shortcut exactly as it was given; that of a drive leads to the own Cozy. Null without a shortcut. */
function announcedLink(instance: Instance, { query }: CozyRequest, sharing: Sharing): string | null {
  if (query.get("shortcut") !== "true") return null;
  const state = sharing.credentials[0]?.state ?? "";
  const link = sharing.drive
    ? authorizeLink(instance.origin, sharing, state, false)
    : (query.get("url") ?? "");
  if (link === "") throw new Refusal(400, "The url of the shortcut is missing");
  return link;
}

function announce(instance: Instance, sharing: Sharing, link: string): void {
  writeShortcut(instance, sharing, link, "new");
  const isReadOnly = selfIn(instance, sharing)?.read_only ?? false;
  mailNotification(instance, sharing, isReadOnly, link);
}

/** Job share-autoaccept: for drives of a trusted sharer alone, and never while a person is waiting. */
function autoAccept(instance: Instance, request: CozyRequest, sharing: Sharing): void {
  const state = sharing.credentials[0]?.state ?? "";
  const isAsked = request.query.get("interactive") === "true";
  if (!sharing.drive || isAsked || state === "" || !isTrusted(instance, ownerOf(sharing))) return;
  instance.background("share-autoaccept", async () => {
    for (let tries = 1; !sharing.active; tries += 1) {
      try {
        return await sendAnswer(instance, sharing, state);
      } catch (cause) {
        if (cause instanceof Refusal && cause.status === 409) return;
        if (tries === autoAcceptTries) throw cause;
      }
      await instance.wait(autoAcceptPauseMs);
    }
  });
}
