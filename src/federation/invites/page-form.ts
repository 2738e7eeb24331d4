import { domainToUnicode } from "node:url";
import { z } from "zod";
import { isForeignForm } from "../../domain/foreign-form.ts";
import { limits } from "../../domain/limits.ts";
import type { ExplainedLink, ShownHost } from "../../http/peer-pages.ts";
import type { PeerReply, PeerRequest } from "../../http/peer-route.ts";
import { isFormToken, newFormToken } from "../../store/form-token.ts";
import { inviteTokenHash } from "../../store/ocm-invites.ts";
import type { FederationParts } from "../parts.ts";

type Request = PeerRequest<null>;

export function pageReply(html: string, status = 200): PeerReply {
  return { status, headers: { "content-type": "text/html; charset=utf-8" }, body: html };
}

/** The reader's own language, as his browser says. */
export function readerLocale({ headers }: Pick<Request, "headers">): string {
  return headers["accept-language"]?.split(/[,;]/)[0] ?? "";
}

/** The same page for everything that opens nothing; guesses are counted. */
export async function opensNothing(
  { pages }: Pick<FederationParts, "pages">,
  request: Request,
  what: ExplainedLink = "wrong-link",
): Promise<PeerReply> {
  const tooMany = countedOut(request);
  return tooMany ?? pageReply((await pages()).explained(readerLocale(request), what), 404);
}

/** Counts one request that costs something; the answer to whoever made too many, else null. */
export function countedOut({ countWrongSecret }: Pick<Request, "countWrongSecret">): PeerReply | null {
  const waitMs = countWrongSecret();
  if (waitMs === null) return null;
  return {
    status: 429,
    headers: { "retry-after": String(Math.ceil(waitMs / 1000)), "content-type": "text/plain; charset=utf-8" },
    body: "Too many tries from this address; wait as long as Retry-After says.",
  };
}

/** A form token of one load of the page of this invitation; the token of the invitation itself stays out of it. */
export function formTokenFor(
  { sealer }: Pick<FederationParts, "sealer">,
  page: string,
  token: string,
): string {
  return newFormToken(sealer, `${page}/${inviteTokenHash(token)}`, Date.now());
}

const formSchema = z.object({
  form: z.string().max(500),
  server: z.string().max(limits.urlChars).default(""),
  home: z.string().max(limits.urlChars).default(""),
  address: z.string().max(limits.addressChars).default(""),
});

export type SentForm =
  | ({ readonly kind: "sent" } & Omit<z.infer<typeof formSchema>, "form">)
  /** Of another site, or of a page that was open for too long: it is shown anew. */
  | { readonly kind: "not-ours" };

export function readForm(
  { sealer, siteUrl }: Pick<FederationParts, "sealer" | "siteUrl">,
  { headers, body }: Pick<Request, "headers" | "body">,
  { page, token }: { readonly page: string; readonly token: string },
): SentForm {
  const from = { site: headers["sec-fetch-site"], origin: headers["origin"] };
  const read = formSchema.safeParse(body);
  if (!read.success || isForeignForm(from, siteUrl() ?? "https://invalid")) return { kind: "not-ours" };
  const { form, ...fields } = read.data;
  const isOurs = isFormToken(sealer, `${page}/${inviteTokenHash(token)}`, form, Date.now());
  return isOurs ? { kind: "sent", ...fields } : { kind: "not-ours" };
}

/** `host[:port]` as it is asked, and as people read it. */
export function shownHost(host: string): ShownHost {
  const { hostname } = new URL(`https://${host}`);
  const unicode = domainToUnicode(hostname);
  return { asked: host, shown: unicode === "" ? host : host.replace(hostname, unicode) };
}
