import { z } from "zod";
import type { OutboundClient, OutboundResponse } from "../../http/outbound.ts";
import type { LinkServer } from "../../protocols/public-link-way.ts";
import { parsePublicLink } from "../../protocols/public-link/link.ts";
import type { Ask } from "../../protocols/protocol.ts";
import { recorded } from "../recorded.ts";
import { isTrouble, type Trouble, trouble } from "../trouble.ts";

const status = z.object({ productname: z.string() });
const discovery = z.object({
  resourceTypes: z.array(z.unknown()).optional(),
  shareTypes: z.unknown().optional(),
});

/**
 * Which server serves a public link (reference/ocm.md 2.4): `status.php` names the product unless its operator gave it another
 * name; then `ocm-provider/` tells. The links of oCIS and OpenCloud look alike and have no way into a federation.
 */
export async function serverOf(http: OutboundClient, href: string, ask: Ask): Promise<LinkServer | Trouble> {
  const link = parsePublicLink(href);
  if (link === null) return trouble("plain-link");
  const base = link.href.replace(/(?:\/index\.php)?\/s\/[^/]*\/?$/, "");
  const named = await fetchJson(http, { what: "ask which server it is", url: `${base}/status.php` }, ask);
  if (isTrouble(named)) return named;
  const product = status.safeParse(named.body).data?.productname;
  const known = kindOf(product ?? "");
  if (known === "none") return trouble("link-without-federation");
  if (known !== null) return { kind: known, base, token: link.shareId };
  const told = await fetchJson(http, { what: "ask how it federates", url: `${base}/ocm-provider/` }, ask);
  if (isTrouble(told)) return told;
  const { resourceTypes, shareTypes } = discovery.safeParse(told.body).data ?? {};
  if (resourceTypes !== undefined) return { kind: "nextcloud", base, token: link.shareId };
  if (shareTypes !== undefined) return { kind: "owncloud", base, token: link.shareId };
  return trouble("link-without-federation");
}

function kindOf(product: string): LinkServer["kind"] | "none" | null {
  const name = product.toLowerCase();
  if (name === "nextcloud" || name === "owncloud") return name;
  return name === "owncloud infinite scale" || name === "opencloud" ? "none" : null;
}

/** JSON of a 200 answer; `undefined` for all others, which tell nothing. */
async function fetchJson(
  http: OutboundClient,
  { what, url }: { readonly what: string; readonly url: string },
  ask: Ask,
): Promise<{ readonly kind: "json"; readonly body: unknown } | Trouble> {
  return recorded(
    { what, method: "GET", url },
    ask,
    async () =>
      http.request({ url, method: "GET", headers: { accept: "application/json" }, signal: ask.signal }),
    (answer) => ({ kind: "json" as const, body: jsonIn(answer) }),
  );
}

function jsonIn({ status: code, text }: OutboundResponse): unknown {
  try {
    return code === 200 ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}
