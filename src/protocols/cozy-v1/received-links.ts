import { hasOnlyKeys, readWebLink, type WebLink } from "../../domain/web-link.ts";
import { parseCozyV1Link } from "./link.ts";
import type { RequestLink } from "./wire.ts";

/** What a request link asks of the account whose Cozy it leads to; null for a link of another form (reference/cozy.md 3.2). */
export function readRequestLink(text: string): RequestLink | null {
  const link = parseCozyV1Link(text)?.variant === "request" ? readWebLink(text) : null;
  if (link === null) return null;
  return { ...askedIn(link), sharingType: link.query.get("sharing_type") ?? "" };
}

/** What the discovery of the rework leads to, a page that asks for consent (6); null for a link of another form. */
export function readAuthorizeLink(text: string): Omit<RequestLink, "sharingType"> | null {
  const link = readWebLink(text);
  const required = ["client_id", "redirect_uri", "scope", "state"];
  if (link?.path !== "/auth/authorize" || !required.every((key) => link.query.has(key))) return null;
  if (!hasOnlyKeys(link, [...required, "App_slug", "app_slug", "response_type"])) return null;
  const answer = readWebLink(link.query.get("redirect_uri") ?? "");
  const isSharing = link.query.get("response_type") === "cozy_sharing";
  return isSharing && answer?.path === "/sharings/answer" && answer.query.size === 0 ? askedIn(link) : null;
}

function askedIn({ origin, query }: WebLink): Omit<RequestLink, "sharingType"> {
  const text = (key: string): string => query.get(key) ?? "";
  return {
    at: origin,
    appSlug: query.get("App_slug") ?? text("app_slug"),
    clientId: text("client_id"),
    redirectUri: text("redirect_uri"),
    scope: text("scope"),
    state: text("state"),
  };
}

/** What the form of a discovery link sends along, besides the address of the recipient's Cozy (5.5). Holds a secret. */
export interface DiscoveryForm {
  /** Where it is sent to. */
  readonly url: string;
  /** Whom the sharer means; null where the link does not tell. */
  readonly address: string | null;
  readonly fields: Readonly<Record<string, string>>;
}

/** Null for a link that is neither v1a's nor v1b's discovery. */
export function readDiscoveryLink(text: string): DiscoveryForm | null {
  const parsed = parseCozyV1Link(text);
  const link = readWebLink(text);
  if (parsed === null || parsed.variant === "request" || link === null) return null;
  return {
    url: `${link.origin}${link.path}`,
    address: link.query.get("recipient_email") ?? null,
    fields: Object.fromEntries(link.query),
  };
}

/** The answer to a sharing: with an access code accepted, without refused (5.5, steps 3 and 5; 6). Holds secrets. */
export function answerAddress(
  { redirectUri, clientId, state }: Pick<RequestLink, "redirectUri" | "clientId" | "state">,
  accessCode: string | null,
): string {
  const code = accessCode === null ? {} : { access_code: accessCode };
  return `${redirectUri}?${new URLSearchParams({ ...code, client_id: clientId, state }).toString()}`;
}
