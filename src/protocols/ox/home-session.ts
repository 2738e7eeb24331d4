import { z } from "zod";
import { limits } from "../../domain/limits.ts";
import type { Ask } from "../protocol.ts";
import { callJson } from "./calls.ts";
import { lineTo, type OxParts } from "./parts.ts";
import { apiUrl, inSession, onceMoreIfLost, type OxSession, oxSession, type SessionWork } from "./session.ts";
import { isTrouble, type Trouble, trouble } from "./troubles.ts";

/** The account's own OX server and login. */
export interface OxHome {
  /** API prefix, for example `https://ox.example.org/ajax/`. */
  readonly baseUrl: string;
  readonly login: string;
  /** Asked for only when used. */
  readonly password: () => string;
}

export interface HomeDoor {
  readonly parts: Omit<OxParts, "addressRules">;
  readonly home: OxHome;
  readonly ask: Ask;
}

const formType = "application/x-www-form-urlencoded; charset=UTF-8";
const loginResult = z.object({ session: z.string().min(1) });

/**
 * Does `work` in a session of the local user, logs out whatever became of it, and once more in a fresh session where
 * the first was lost on the way (reference/ox.md 4.3, 5).
 */
export async function inHomeSession<T extends { readonly kind: string }>(
  door: HomeDoor,
  work: SessionWork<T>,
): Promise<T | Trouble> {
  const done = await onceMoreIfLost(async () => {
    const session = await logIn(door);
    return "kind" in session ? session : inSession(session, work);
  });
  return isTrouble(done) && isOwnFault(done) ? trouble("home-not-usable", done) : done;
}

/** What the home server or our own settings get wrong is never a verdict on a share. */
function isOwnFault({ name }: Trouble): boolean {
  return name === "request-refused" || name === "request-not-accepted";
}

/** `POST login?action=login`, OX HTTP API: name and password in a form, the session in a bare JSON object. */
async function logIn({ parts, home, ask }: HomeDoor): Promise<OxSession | Trouble> {
  const line = lineTo(home.baseUrl, parts, ask);
  const url = apiUrl(home.baseUrl, "login", { action: "login" });
  const form = { name: home.login, password: home.password(), client: "usher", version: "1" };
  const body = new URLSearchParams(form).toString();
  const request = { what: "log in at home", method: "POST", url, body, contentType: formType } as const;
  const answer = await callJson(line, request, (job) =>
    apiUrl(home.baseUrl, "jobs", { action: "get", id: job }),
  );
  if (isTrouble(answer)) return isRefusedLogin(answer) ? refusedLogin(answer.code) : answer;
  const result = loginResult.safeParse(answer.fields);
  return result.success ? oxSession(line, result.data.session) : trouble("answer-not-understood");
}

function isRefusedLogin(what: Trouble): boolean {
  return what.name === "guest-password-rejected" || what.name === "login-refused";
}

/** A wrong password of our own is never a verdict on a share, and is not tried again soon. */
function refusedLogin(code: string | null): Trouble {
  return trouble("home-login-refused", { code, retryAfterMs: limits.originErrorPauseMs });
}
