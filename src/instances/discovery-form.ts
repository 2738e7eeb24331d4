import type { DiscoveryPage } from "../http/peer-pages.ts";
import type { PeerReply, PeerRequest } from "../http/peer-route.ts";
import type { InstanceParts } from "./parts.ts";

/** As of other pages, but for the form: a browser follows its redirect to the Cozy that was typed, whichever that is. */
const discoveryPolicy =
  "default-src 'none'; style-src 'self'; form-action 'self' https:; frame-ancestors 'none'; base-uri 'none'";

/** The page where somebody invited tells where his Cozy is. */
export async function discoveryForm(
  { pages }: Pick<InstanceParts, "pages">,
  { instance }: Pick<PeerRequest, "instance">,
  { status, page }: { readonly status: number; readonly page: DiscoveryPage },
): Promise<PeerReply> {
  return {
    status,
    headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": discoveryPolicy },
    body: (await pages()).discovery(instance.locale, page),
  };
}
