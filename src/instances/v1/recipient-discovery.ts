import { addressKey } from "../../domain/address.ts";
import {
  type DiscoveryForm,
  readAuthorizeLink,
  readDiscoveryLink,
  readRequestLink,
} from "../../protocols/cozy-v1/received-links.ts";
import { type CozyV1Link, parseCozyV1Link } from "../../protocols/cozy-v1/link.ts";
import type { Ask, Follower, NotFollowed, TryLater } from "../../protocols/protocol.ts";
import type { CozyReply } from "../call.ts";
import { askCozy, formOf, later, never, notUnderstood } from "../ask-cozy.ts";
import type { InstanceParts } from "../parts.ts";
import type { AskedLink } from "./recipient-asked.ts";

/** What the link of an invitation asks, or why it asks nothing of this account. */
export type Discovered = ({ readonly kind: "link" } & AskedLink) | NotFollowed | TryLater;

/**
 * What an invitation asks of the account. A discovery link is answered with the address of the account's own Cozy, as a browser
 * would (reference/cozy.md 5.5, 6): the sharer registers there and leads to it. No page is loaded.
 */
export async function discover(
  parts: Pick<InstanceParts, "http">,
  link: CozyV1Link,
  who: Follower,
  ask: Ask,
): Promise<Discovered> {
  if (link.variant === "request") return requested(link);
  const form = readDiscoveryLink(link.href);
  if (form === null || who.instanceUrl === null) return unreadable;
  if (form.address !== null && !isOwnAddress(form.address, who)) return forAnother(link.origin);
  const location = await answerForm(parts, form, { ownUrl: who.instanceUrl, ask, variant: link.variant });
  if (typeof location !== "string") return location;
  const found = meant(link, location);
  // Whoever leads elsewhere is no Cozy that was given this address.
  return found?.link.at === who.instanceUrl ? { kind: "link", ...found } : notUnderstood(link.origin);
}

/** Where a discovery led, if it is about the sharing of its link. */
function meant(link: CozyV1Link, location: string): AskedLink | null {
  const found = link.variant === "discovery" ? parsedRequest(location) : authorized(link, location);
  return found?.shareId === link.shareId && found.sharerUrl === link.origin ? found : null;
}

function requested({ href }: CozyV1Link): Discovered {
  const found = parsedRequest(href);
  return found === null ? unreadable : { kind: "link", ...found };
}

function parsedRequest(text: string): AskedLink | null {
  const [link, parsed] = [readRequestLink(text), parseCozyV1Link(text)];
  if (link === null || parsed === null) return null;
  const { origin: sharerUrl, shareId } = parsed;
  return { generation: "v1a", link, sharerUrl, shareId, sharingType: link.sharingType };
}

/** Which type it is of, the sharer tells with the sharing itself: until then nothing is told to him. */
function authorized({ shareId, href }: CozyV1Link, text: string): AskedLink | null {
  const link = readAuthorizeLink(text);
  const sharecode = new URL(href).searchParams.get("sharecode");
  if (link === null || link.state !== sharecode) return null;
  const sharerUrl = new URL(link.redirectUri).origin;
  return { generation: "v1b", link, sharerUrl, shareId, sharingType: "one-way" };
}

/** Where the sharer leads whoever tells his Cozy's address. */
async function answerForm(
  { http }: Pick<InstanceParts, "http">,
  { url, fields }: DiscoveryForm,
  {
    ownUrl,
    ask,
    variant,
  }: { readonly ownUrl: string; readonly ask: Ask; readonly variant: CozyV1Link["variant"] },
): Promise<string | NotFollowed | TryLater> {
  const form = formOf({ ...fields, url: ownUrl });
  const reply = await askCozy(
    http,
    { what: "tell the address of the own Cozy", method: "POST", url, ...form },
    ask,
  );
  if (reply.kind !== "answered") return reply;
  const location = locationIn(reply);
  if (location !== null) return location;
  const host = new URL(url).host;
  if (reply.status === 400 && variant === "discovery") {
    const detail = `${host} could not register at ${new URL(ownUrl).host}, which it has to reach over https; it is asked again later.`;
    return later("not-registered", detail);
  }
  if (reply.status === 404 || reply.status === 400 || reply.status === 410) {
    const detail = `${host} does not know the invitation any more, or could not register at the account's Cozy; ask the sharer to share again.`;
    return never("invitation-unknown", detail);
  }
  if (reply.status < 400) return notUnderstood(url);
  return never("not-let-in", `${host} refuses to go on with the invitation; ask the sharer.`, "FORBIDDEN");
}

function locationIn({ status, headers }: Extract<CozyReply, { readonly kind: "answered" }>): string | null {
  return status === 302 || status === 303 ? (headers["location"]?.[0] ?? null) : null;
}

function isOwnAddress(address: string, { addresses }: Follower): boolean {
  const key = addressKey(address);
  return key !== null && addresses.some((own) => addressKey(own) === key);
}

function forAnother(origin: string): NotFollowed {
  const detail = `The invitation from ${new URL(origin).host} is for another address; ask the sharer to invite one of the account's addresses.`;
  return never("other-address", detail, "FORBIDDEN");
}

const unreadable = never("link-not-understood", "The link is no invitation; ask the sharer for a new one.");
