import type { ExplainedLink } from "../http/peer-pages.ts";
import type { PeerReply, PeerRequest } from "../http/peer-route.ts";
import type { InstanceParts } from "./parts.ts";

/** A page for whoever opened a link of an instance host in a browser; it tells nothing about the account's sharings. */
export async function explain(
  { pages }: Pick<InstanceParts, "pages">,
  { instance }: Pick<PeerRequest, "instance">,
  { status, what }: { readonly status: number; readonly what: ExplainedLink },
): Promise<PeerReply> {
  const page = (await pages()).explained(instance.locale, what);
  return { status, headers: { "content-type": "text/html; charset=utf-8" }, body: page };
}
