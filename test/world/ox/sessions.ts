import { createHash, randomBytes } from "node:crypto";
import { type OxError, type OxRequest, sessionLost } from "./wire.ts";

export interface Session {
  readonly id: string;
  readonly secret: string;
  /** Part of every cookie's name: derived from client and User-Agent (reference/ox.md 4.3). */
  readonly hash: string;
  readonly client: string;
  readonly userAgent: string;
  /** Guest token or local user's name. */
  readonly owner: string;
}

export interface SessionRefusal {
  readonly error: OxError;
  /** What the client did wrong; null where it could not know. */
  readonly breach: string | null;
}

type End = "logged out" | "expired";

export class Sessions {
  readonly #open = new Map<string, Session>();
  readonly #ended = new Map<string, End>();
  readonly #secrets: string[] = [];

  begin(owner: string, client: string, userAgent: string): Session {
    const id = randomBytes(16).toString("hex");
    const secret = randomBytes(16).toString("hex");
    const session = { id, secret, hash: cookieHash(client, userAgent), client, userAgent, owner };
    this.#open.set(id, session);
    this.#secrets.push(id, secret);
    return session;
  }

  /** The session that a request belongs to: its parameter and the matching secret cookie, both. */
  of(request: OxRequest): Session | SessionRefusal {
    const id = request.query.get("session");
    if (id === null) return refusal("nosession", "the session parameter is missing");
    const session = this.#open.get(id);
    if (session === undefined) {
      const ended = this.#ended.get(id);
      if (ended === "expired") return refusal("timeout", null);
      return refusal(
        "nosession",
        ended === undefined ? "the session is unknown" : "the session was logged out",
      );
    }
    const hash = cookieHash(session.client, request.userAgent);
    if (hash !== session.hash) return refusal("nosecretcookie", "the User-Agent changed within the session");
    const secret = request.cookies.get(`open-xchange-secret-${hash}`);
    if (secret === undefined) return refusal("nosecretcookie", "the secret cookie is missing");
    if (secret !== session.secret) return refusal("secretmismatch", "the secret cookie is another session's");
    return session;
  }

  end(session: Session): void {
    if (this.#open.delete(session.id)) this.#ended.set(session.id, "logged out");
  }

  /** All sessions, or those of one owner, are gone without the client's doing. */
  expire(owner: string | null = null): void {
    for (const session of [...this.#open.values()].filter((each) => owner === null || each.owner === owner)) {
      this.#open.delete(session.id);
      this.#ended.set(session.id, "expired");
    }
  }

  get openCount(): number {
    return this.#open.size;
  }

  /** Every session id and cookie secret that was ever handed out. */
  get secrets(): readonly string[] {
    return [...this.#secrets];
  }
}

/** Cookies of a login (reference/ox.md 4.3); `share` only at the originating server. */
export function loginCookies(session: Session, share: string | null): readonly string[] {
  const attributes = "Path=/; Secure; HttpOnly";
  const names: readonly (readonly [string, string])[] = [
    [`open-xchange-secret-${session.hash}`, session.secret],
    [`open-xchange-session-${session.hash}`, session.id],
    [`open-xchange-public-session-${session.hash}`, createHash("md5").update(session.secret).digest("hex")],
    ...(share === null ? [] : [[`open-xchange-share-${session.hash}`, share] as const]),
  ];
  return names.map(([name, value]) => `${name}=${value}; ${attributes}`);
}

function cookieHash(client: string, userAgent: string): string {
  return createHash("sha256").update(`${client}\n${userAgent}`).digest("base64url").slice(0, 22);
}

function refusal(reason: string, breach: string | null): SessionRefusal {
  return { error: sessionLost(reason), breach };
}
