import { randomBytes } from "node:crypto";
import type { Reply } from "../../faulty-answers.ts";
import { form } from "./html.ts";
import { type CozyRequest, errorPage, page, readForm, redirect } from "./wire.ts";

const sessionCookie = "cozysessid";
const csrfCookie = "_csrf";

/** The sessions of one Cozy's owner and the tokens against forged forms. */
export class Logins {
  readonly #origin: string;
  readonly #passphrase: string;
  readonly #sessions = new Set<string>();

  constructor(origin: string, passphrase: string) {
    this.#origin = origin;
    this.#passphrase = passphrase;
  }

  isLoggedIn({ cookies }: CozyRequest): boolean {
    return this.#sessions.has(cookies.get(sessionCookie) ?? "");
  }

  logOutEverywhere(): void {
    this.#sessions.clear();
  }

  /** To the login page, and back to where the request was. */
  toLogin({ path, query }: CozyRequest): Reply {
    const here = `${this.#origin}${path}?${String(query)}`;
    return redirect(303, `${this.#origin}/auth/login?${String(new URLSearchParams({ redirect: here }))}`);
  }

  /** `GET /auth/login`. */
  show({ query }: CozyRequest): Reply {
    return page(
      200,
      form("/auth/login", { redirect: query.get("redirect") ?? this.#origin }, { passphrase: "" }),
    );
  }

  /** `POST /auth/login`. */
  take(request: CozyRequest): Reply {
    const given = readForm(request);
    const target = given.get("redirect") ?? "";
    if (!URL.canParse(target) || new URL(target).origin !== this.#origin) {
      throw errorPage(400, "The address to return to is not on this Cozy.");
    }
    if (given.get("passphrase") !== this.#passphrase) throw errorPage(401, "The passphrase is wrong.");
    const session = randomBytes(16).toString("hex");
    this.#sessions.add(session);
    return redirect(303, target, [["Set-Cookie", `${sessionCookie}=${session}; Path=/; HttpOnly; Secure`]]);
  }
}

/** A page with a form that carries a token against forgery, and the cookie that must come back with it. */
export function guardedForm(action: string, words: string, hidden: Readonly<Record<string, string>>): Reply {
  const token = randomBytes(16).toString("hex");
  const cookie = ["Set-Cookie", `${csrfCookie}=${token}; Path=/; HttpOnly; Secure`] as const;
  return page(200, `${words}${form(action, { csrf_token: token, ...hidden })}`, [cookie]);
}

/** Fields of a form from `guardedForm`. The status for a missing or wrong token is not in the reference. */
export function readGuardedForm(request: CozyRequest): URLSearchParams {
  const given = readForm(request);
  const token = request.cookies.get(csrfCookie) ?? "";
  if (token === "" || given.get("csrf_token") !== token) throw errorPage(403, "The CSRF token is wrong.");
  return given;
}
