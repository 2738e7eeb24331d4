import type { Reply } from "../faulty-answers.ts";
import { requestLink } from "./links.ts";
import type { CozyV1aState } from "./sharing.ts";
import {
  addCozyUrl,
  type Contact,
  contactOf,
  cozyOrigin,
  type Party,
  type Sharing,
} from "./stack/sharing.ts";
import { form } from "./stack/html.ts";
import type { Client } from "./stack/credentials.ts";
import { registerAt } from "./stack/oauth.ts";
import {
  type CozyRequest,
  errorPage,
  jsonError,
  notFound,
  page,
  readForm,
  redirect,
  Refused,
} from "./stack/wire.ts";

interface Found {
  readonly sharing: Sharing;
  readonly party: Party;
  readonly contact: Contact;
}

function find(cozy: CozyV1aState, fields: URLSearchParams): Found | null {
  const sharing = cozy.sharings.find(
    ({ sharingId, owner }) => owner && sharingId === fields.get("sharing_id"),
  );
  const party = sharing?.recipients.find(({ contactId }) => contactId === fields.get("recipient_id"));
  const contact = party === undefined ? null : contactOf(cozy, party.contactId);
  return sharing === undefined || party === undefined || contact === null
    ? null
    : { sharing, party, contact };
}

/** `GET /sharings/discovery` (reference/cozy.md 5.5): with a known Cozy it registers there again. */
export async function showDiscovery(cozy: CozyV1aState, { query }: CozyRequest): Promise<Reply> {
  const found = find(cozy, query);
  if (found === null) throw errorPage(400, "This sharing is not known.");
  const { sharing, party, contact } = found;
  if (contact.cozy !== "") {
    try {
      return await register(cozy, found, contact.cozy);
    } catch {
      throw errorPage(400, "The Cozy of the recipient does not answer.");
    }
  }
  const mail = query.get("recipient_email") ?? "";
  if (mail === "") throw errorPage(400, "The parameter recipient_email is missing.");
  return discoveryForm(200, sharing.sharingId, party.contactId, mail);
}

function discoveryForm(status: number, sharingId: string, contactId: string, mail: string): Reply {
  const hidden = { sharing_id: sharingId, recipient_id: contactId, recipient_email: mail };
  return page(status, form("/sharings/discovery", hidden, { url: "" }));
}

/** `POST /sharings/discovery`: 302 to the request link, for callers of JSON as well. */
export async function takeDiscovery(cozy: CozyV1aState, request: CozyRequest): Promise<Reply> {
  const fields = readForm(request);
  const found = find(cozy, fields);
  if (found === null) throw notFound("Sharing or recipient does not exist");
  const { sharing, party, contact } = found;
  const typed = fields.get("url") ?? "";
  try {
    const done = await register(cozy, found, typed);
    addCozyUrl(cozy, contact, cozyOrigin(typed));
    return done;
  } catch {
    // The bad URL is not saved.
    const words = "No Cozy answers at this address.";
    if (request.accept === "application/json") throw jsonError(400, { error: words }, words);
    const mail = fields.get("recipient_email") ?? "";
    throw new Refused(discoveryForm(400, sharing.sharingId, party.contactId, mail), `400 ${words}`);
  }
}

async function register(cozy: CozyV1aState, { sharing, party }: Found, url: string): Promise<Reply> {
  if (url === "") throw new Error("There is no address.");
  const client: Client = await registerAt(cozy, cozyOrigin(url));
  party.client = client;
  return redirect(302, requestLink(sharing, url, client));
}
