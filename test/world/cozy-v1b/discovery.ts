import type { Reply } from "../faulty-answers.ts";
import { form } from "../cozy-v1a/stack/html.ts";
import { registerAt } from "../cozy-v1a/stack/oauth.ts";
import { scopeOf } from "../cozy-v1a/stack/permissions.ts";
import { cozyOrigin, urlOf } from "../cozy-v1a/stack/sharing.ts";
import {
  type CozyRequest,
  errorPage,
  page,
  readForm,
  redirect,
  Refused,
  sortedQuery,
} from "../cozy-v1a/stack/wire.ts";
import { type CozyV1bState, type Invited, invitedBy } from "./sharing.ts";

function find(cozy: CozyV1bState, id: string, fields: URLSearchParams): Invited {
  const invited = invitedBy(cozy, fields.get("sharecode") ?? "");
  if (invited?.sharing.id !== id) throw errorPage(400, "This invitation is not valid.");
  return invited;
}

/** `GET /sharings/:id/discovery`: a form that is filled with the contact's Cozy, where one is known. */
export function showDiscovery(cozy: CozyV1bState, { query }: CozyRequest, id: string): Reply {
  const invited = find(cozy, id, query);
  return discoveryForm(200, invited, urlOf(cozy, invited.party));
}

function discoveryForm(status: number, { sharing, code }: Invited, url: string): Reply {
  return page(status, form(`/sharings/${sharing.id}/discovery`, { sharecode: code }, { url }));
}

/** `POST /sharings/:id/discovery`: 302 to the recipient's page for consent; nobody gets JSON (reference/cozy.md, section 6). */
export async function takeDiscovery(cozy: CozyV1bState, request: CozyRequest, id: string): Promise<Reply> {
  const fields = readForm(request);
  const invited = find(cozy, id, fields);
  const { sharing, party, code } = invited;
  try {
    const url = cozyOrigin(fields.get("url") ?? "");
    const client = await registerAt(cozy, url);
    // Whoever has accepted goes on being served at the Cozy that he accepted with.
    if (party.status !== "accepted") Object.assign(party, { url, client });
    const query = sortedQuery({
      App_slug: sharing.appSlug,
      client_id: client.client_id,
      redirect_uri: `${cozy.origin}/sharings/answer`,
      response_type: "cozy_sharing",
      scope: scopeOf(sharing.rules),
      state: code,
    });
    return redirect(302, `${url}/auth/authorize?${query}`);
  } catch {
    throw new Refused(discoveryForm(400, invited, ""), "400 no Cozy answers at this address");
  }
}
