import { Cookie } from "tough-cookie";
import type { OutboundRequest, OutboundResponse } from "./outbound.ts";

type Session = Pick<OutboundRequest, "jar" | "url">;

/** The Cookie field of a request; empty where there is none to send. */
export async function cookieField({ jar, url }: Session): Promise<string> {
  return (await jar?.getCookieString(url)) ?? "";
}

/** Keeps what an origin sets, for itself alone: a jar is one session at one origin, whatever Domain says. */
export async function keepCookies(
  { jar, url }: Session,
  headers: OutboundResponse["headers"],
): Promise<void> {
  for (const text of headers["set-cookie"] ?? []) {
    const cookie = Cookie.parse(text);
    if (cookie === undefined) continue;
    cookie.domain = null;
    await jar?.setCookie(cookie, url, { ignoreError: true });
  }
}
