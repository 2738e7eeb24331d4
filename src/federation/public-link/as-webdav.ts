import type { OutboundClient } from "../../http/outbound.ts";
import type { Ask, Share } from "../../protocols/protocol.ts";
import { openShareSecret } from "../../store/ocm-followed-shares.ts";
import type { ReceivedShareRow } from "../../store/ocm-received-shares.ts";
import type { Sealer } from "../../store/sealing.ts";
import type { DavAccess } from "../dav/client.ts";
import { basic } from "../received/access.ts";
import type { Shown } from "../received/open-share.ts";
import { recorded, refusedBy } from "../recorded.ts";
import { isTrouble, type Trouble, trouble } from "../trouble.ts";

/** What a link's token opens: with ownCloud it is the login of the public WebDAV (reference/ocm.md 5.2). */
export interface OpenLink {
  /** Of the public WebDAV, absolute. */
  readonly webdavUri: string;
  /** Secret. */
  readonly token: string;
  readonly name: string;
}

/** The link behind a row of the form `link`. */
export function linkIn(sealer: Sealer, row: ReceivedShareRow): OpenLink {
  return { webdavUri: row.webdav_uri ?? "", token: openShareSecret(sealer, row), name: row.name };
}

/** Does something behind a link that opens WebDAV, with the password where it has one. */
export async function behindLink<T extends { readonly kind: string }>(
  http: OutboundClient,
  link: OpenLink,
  share: Pick<Share, "link" | "password">,
  ask: Ask,
  work: (shown: Shown) => Promise<T | Trouble>,
): Promise<T | Trouble> {
  const authorization = basic(link.token, share.password ?? "");
  const access: DavAccess = { root: new URL(link.webdavUri), authorization };
  const done = await work({ http, access, name: link.name, mayBeBelow: false, ask });
  if (!isTrouble(done) || done.because !== "not-authenticated") return done;
  return whyShut(http, share, ask);
}

/** A link that is gone and one with another password are shut alike; the link's own page tells which it is. */
async function whyShut(
  http: OutboundClient,
  { link: url, password }: Pick<Share, "link" | "password">,
  ask: Ask,
): Promise<Trouble> {
  const shut = trouble(password === null ? "guest-password-needed" : "guest-password-rejected");
  return recorded(
    { what: "look whether the link stands", method: "GET", url },
    ask,
    async () => http.request({ url, method: "GET", signal: ask.signal }),
    ({ status }) => (status === 404 || status === 410 ? refusedBy(status) : shut),
  );
}
