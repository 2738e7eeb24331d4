import { z } from "zod";
import type { OutboundResponse } from "../../http/outbound.ts";
import { type Answer, idText } from "./answers.ts";
import { callJson, exchange, type Line } from "./calls.ts";
import { readShareRedirect } from "./redirect.ts";
import { apiUrl, type OxSession, oxSession } from "./session.ts";
import { isTrouble, type Trouble, trouble } from "./troubles.ts";

/** What a login through a share link needs to know of the link. */
export interface GuestDoor {
  /** Secret; without query and fragment. */
  readonly link: string;
  /** The 48 digits of the link. Secret. */
  readonly token: string;
  /** The link's path behind the token, for example `/1/8/Mzk`; empty where it has none. */
  readonly targetPath: string;
  /** Secret. */
  readonly password: string | null;
}

export interface GuestSession {
  readonly kind: "session";
  readonly session: OxSession;
  /** Whose session the server says it is: a mail address, empty for an anonymous guest, null where it did not say. */
  readonly mail: string | null;
}

type Parameters = ReadonlyMap<string, string>;

/** How OX's own client names itself in a guest login (reference/ox.md 4.2). */
const guestClient = "open-xchange-appsuite-http";
const jsonType = "application/json; charset=UTF-8";
const loginResult = z.object({ session: z.string().min(1), user: z.string().optional() });

/**
 * Logs in as the guest of a share link (reference/ox.md 4.2). Opens at most one session; where it could not be used
 * it is closed again. Makes no attempt with an empty password where the server asks for one.
 */
export async function logInAsGuest(line: Line, door: GuestDoor): Promise<GuestSession | Trouble> {
  const login = await walkIn(line, door);
  if (!isTrouble(login)) return login;
  const opened = await cookieSession(line, door.link);
  if (opened !== null) await oxSession(line, opened).close();
  return login;
}

async function walkIn(line: Line, door: GuestDoor): Promise<GuestSession | Trouble> {
  const url = `${door.link}?allow_enqueue=true`;
  const read = (response: OutboundResponse) => readShareRedirect(door.link, response);
  const redirect = await exchange(line, { what: "open the share link", method: "GET", url }, read);
  if (isTrouble(redirect)) return redirect;
  const { parameters } = redirect;
  const type = parameters.get("login_type") ?? "";
  switch (type) {
    case "":
      return sessionOfRedirect(line, door, parameters);
    case "guest":
      return guestLogin(line, door, parameters);
    case "guest_password":
      return door.password === null ? trouble("guest-password-needed") : guestLogin(line, door, parameters);
    case "message_continue":
      return redeemAndLogIn(line, door, parameters);
    case "message":
      return redeemMessage(line, parameters);
    default:
      return trouble(type.startsWith("anonymous") ? "anonymous-guest" : "login-type-unknown");
  }
}

async function sessionOfRedirect(
  line: Line,
  door: GuestDoor,
  parameters: Parameters,
): Promise<GuestSession | Trouble> {
  const id = parameters.get("session") ?? (await cookieSession(line, door.link));
  if (id === null || id === "") return trouble("no-session");
  return { kind: "session", session: oxSession(line, id), mail: parameters.get("user") ?? null };
}

/** Some servers give the session in a cookie only (reference/ox.md 4.2). */
async function cookieSession(line: Line, link: string): Promise<string | null> {
  const cookies = await line.jar.getCookies(link);
  return cookies.find((cookie) => cookie.key.startsWith("open-xchange-session-"))?.value ?? null;
}

async function guestLogin(
  line: Line,
  door: GuestDoor,
  parameters: Parameters,
): Promise<GuestSession | Trouble> {
  const url = apiUrl(line.apiBase, "login", {
    action: "guest",
    share: parameters.get("share") ?? door.token,
    target: parameters.get("target") ?? door.targetPath,
    client: guestClient,
    staySignedIn: "true",
    allow_enqueue: "true",
  });
  const body = JSON.stringify({ login: parameters.get("login_name") ?? "", password: door.password ?? "" });
  const request = { what: "log in as the guest", method: "POST", url, body, contentType: jsonType } as const;
  const answer = await callJson(line, request, (job) => jobUrl(line, job));
  if (isTrouble(answer)) return answer;
  const result = loginResult.safeParse(answer.fields);
  if (!result.success) return trouble("no-session");
  const { session, user } = result.data;
  return { kind: "session", session: oxSession(line, session), mail: user ?? null };
}

/** This target is gone but the guest has others: the guest logs in as usual (reference/ox.md 4.2). */
async function redeemAndLogIn(
  line: Line,
  door: GuestDoor,
  parameters: Parameters,
): Promise<GuestSession | Trouble> {
  const answer = await redeem(line, parameters);
  if (isTrouble(answer)) return answer;
  const redeemed = Object.entries(answer.fields).flatMap(([name, value]) => {
    const text = idText.safeParse(value);
    return text.success ? [[name, text.data] as const] : [];
  });
  return guestLogin(line, door, new Map([...redeemed, ...parameters]));
}

/** The server only has a message for the guest; its status says which (reference/ox.md 4.2). */
async function redeemMessage(line: Line, parameters: Parameters): Promise<Trouble> {
  const answer = await redeem(line, parameters);
  if (isTrouble(answer)) return answer;
  switch (answer.fields["status"]) {
    case "not_found":
      return trouble("share-revoked");
    case "client_blacklisted":
      return trouble("client-refused");
    default:
      return trouble("server-error");
  }
}

async function redeem(line: Line, parameters: Parameters): Promise<Answer | Trouble> {
  const token = parameters.get("token") ?? "";
  if (token === "") return trouble("not-a-share-redirect");
  const url = apiUrl(line.apiBase, "share/redeem/token", { token, language: "en_US" });
  return callJson(line, { what: "ask what the message is", method: "GET", url }, (job) => jobUrl(line, job));
}

/** A job queued before there is a session is known by its id alone. */
function jobUrl(line: Line, job: string): string {
  return apiUrl(line.apiBase, "jobs", { action: "get", id: job, allow_enqueue: "true" });
}
