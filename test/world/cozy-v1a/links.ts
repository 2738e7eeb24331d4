import { scopeOf } from "./stack/permissions.ts";
import { sortedQuery } from "./stack/wire.ts";
import type { Client } from "./stack/credentials.ts";
import { cozyOrigin, type Sharing } from "./stack/sharing.ts";

/** Why there is no link, in the words of reference/cozy.md, section 9. */
class NoLink extends Error {}

type Linked = Pick<Sharing, "appSlug" | "rules" | "type" | "sharingId">;

/** The link of a request mail, to the recipient's own Cozy (reference/cozy.md 3.2). */
export function requestLink(sharing: Linked, cozyUrl: string, client: Client | null): string {
  const [redirectUri] = client?.redirect_uris ?? [];
  if (client === null || redirectUri === undefined) throw new NoLink("No OAuth client was found");
  if (cozyUrl === "") throw new NoLink("The recipient has no URL");
  const query = sortedQuery({
    App_slug: sharing.appSlug,
    client_id: client.client_id,
    redirect_uri: redirectUri,
    response_type: "code",
    scope: scopeOf(sharing.rules),
    sharing_type: sharing.type,
    state: sharing.sharingId,
  });
  return `${cozyOrigin(cozyUrl)}/sharings/request?${query}`;
}

/** The link of a discovery mail, to the sharer. */
export function discoveryLink(
  origin: string,
  { sharingId }: Pick<Sharing, "sharingId">,
  contactId: string,
  mail: string,
): string {
  if (mail === "") throw new NoLink("The recipient has no email");
  const query = sortedQuery({ recipient_email: mail, recipient_id: contactId, sharing_id: sharingId });
  return `${origin}/sharings/discovery?${query}`;
}
