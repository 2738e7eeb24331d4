import { randomUUID } from "node:crypto";
import { countLogin, type OriginState } from "./origin-state.ts";
import { loginCookies, type Session } from "./sessions.ts";
import { type Guest, relativeFolder } from "./shares.ts";
import { moduleName, readTargetPath, type Target } from "./token.ts";
import { failure, missingParameter, type OxReply, type OxRequest, pageReply, reply } from "./wire.ts";

const loginLink = "/appsuite/ui";
/** The web client's name: a session that a link opens is made for it. */
const linkClient = "open-xchange-appsuite";

/** Crawlers that the share servlet refuses, as parts of the User-Agent (reference/ox.md 4.1). */
const crawlers = [
  "aolbuild",
  "baiduspider",
  "bingbot",
  "bingpreview",
  "msnbot",
  "duckduckgo",
  "adsbot-google",
  "googlebot",
  "mediapartners-google",
  "teoma",
  "slurp",
];

type LoginType = "message" | "message_continue" | "guest" | "guest_password" | "anonymous_password";
type MessageStatus = "not_found" | "client_blacklisted" | "internal_error";

/** Answers GET on a share link: one row of the table in reference/ox.md 4.1. */
export function openLink(state: OriginState, request: OxRequest, token: string, path: string): OxReply {
  if (request.method !== "GET") {
    state.refuse(`${request.method} on a share link`);
    return pageReply(405, "Links are opened with GET.");
  }
  if (request.query.get("allow_enqueue") !== "true")
    state.refuse("GET of a share link without allow_enqueue");
  const key = token.toLowerCase();
  state.linkOpens.set(key, (state.linkOpens.get(key) ?? 0) + 1);
  const { habits } = state;
  if (isStrange(state)) return strangeRedirect(state);
  if (habits.internalError) return message(state, "internal_error");
  if (isCrawler(state, request) || habits.blacklistedGuests.has(key))
    return message(state, "client_blacklisted");
  const guest = state.shares.guest(token);
  if (guest === null || !state.shares.seesAnything(guest.token)) return message(state, "not_found");
  return openFor(state, request, guest, path);
}

function openFor(state: OriginState, request: OxRequest, guest: Guest, path: string): OxReply {
  const target = readTargetPath(path);
  if (target === null && path !== "") return message(state, "not_found");
  const there = target === null || state.shares.seesTarget(guest.token, target);
  if (guest.password !== null) return askPassword(state, guest, path, there);
  if (there) return beginSession(state, request, guest, target);
  if (guest.mail === null) return message(state, "not_found");
  return redirectWithToken(state, "message_continue", {
    login_name: guest.mail,
    share: guest.token,
    target: path,
    ...goneMessage,
  });
}

const goneMessage = { message: "The share is not available any longer.", message_type: "INFO" };

function askPassword(state: OriginState, guest: Guest, path: string, there: boolean): OxReply {
  const told = { share: guest.token, target: path, ...(there ? {} : goneMessage) };
  if (guest.mail === null) return redirectWithToken(state, "anonymous_password", told);
  return redirectWithToken(state, "guest_password", { login_name: guest.mail, ...told });
}

/** GUEST or ANONYMOUS, and the target is there: the session stands already. */
function beginSession(state: OriginState, request: OxRequest, guest: Guest, target: Target | null): OxReply {
  const session = state.sessions.begin(guest.token, linkClient, request.userAgent);
  countLogin(state, guest.token, "successful");
  const told: Record<string, string> = {
    session: session.id,
    store: "true",
    user: guest.mail ?? "",
    user_id: String(guest.userId),
    context_id: String(guest.contextId),
    ...targetFields(target),
  };
  if (state.habits.sessionOnlyInCookie) delete told["session"];
  return sessionRedirect(state, told, session, guest.token);
}

/** Names under which a login tells its target: module name, folder and item. */
export function targetFields(target: Target | null): Readonly<Record<string, string>> {
  if (target === null) return {};
  const item = target.item === null ? {} : { i: target.item };
  return { m: moduleName(target.module) ?? String(target.module), f: relativeFolder(target.folder), ...item };
}

/** Values stand unencoded in this redirect (reference/ox.md 4.1): a plus sign is a plus sign. */
function sessionRedirect(
  state: OriginState,
  told: Readonly<Record<string, string>>,
  session: Session,
  token: string,
): OxReply {
  const cookies = loginCookies(session, token).map((cookie) => ["Set-Cookie", cookie] as const);
  return redirect(state, `${loginLink}#!${fragment(told)}`, cookies);
}

function message(state: OriginState, status: MessageStatus): OxReply {
  const stored = { message: "This link leads nowhere.", message_type: "ERROR" };
  return redirectWithToken(state, "message", state.habits.redeemTellsStatus ? { ...stored, status } : stored);
}

/** Only these fields stand in the address beside the token; the rest comes by redeeming it. */
const whiteList = new Set(["login_name", "login_type", "share", "target"]);

function redirectWithToken(
  state: OriginState,
  loginType: LoginType,
  rest: Readonly<Record<string, string>>,
): OxReply {
  const token = randomUUID().replaceAll("-", "");
  const stored = { login_type: loginType, ...rest };
  state.locations.set(token, stored);
  const shown = Object.entries(stored).filter(([name]) => whiteList.has(name));
  return redirect(state, `${loginLink}#!${fragment({ token, ...Object.fromEntries(shown) })}`, []);
}

function fragment(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `&${name}=${value}`)
    .join("");
}

function redirect(
  state: OriginState,
  location: string,
  headers: readonly (readonly [string, string])[],
): OxReply {
  const plain = [
    ["Cache-Control", "no-store, no-cache, must-revalidate"],
    ["Pragma", "no-cache"],
  ] as const;
  return {
    status: state.habits.redirectStatus,
    headers: [...plain, ["Location", location], ...headers],
    body: "",
  };
}

function isStrange({ habits }: OriginState): boolean {
  return habits.redirectTo !== null || habits.twoLocations || habits.noLocation || habits.withoutSession;
}

/** Redirects that no honest origin sends. They name a session that does not exist. */
function strangeRedirect(state: OriginState): OxReply {
  const { habits } = state;
  const fields = {
    session: "feedfacefeedfacefeedfacefeedface",
    store: "true",
    user: "mallory@mallory.example",
  };
  const location = `${loginLink}#!${fragment(habits.withoutSession ? { store: "true" } : fields)}`;
  if (habits.noLocation) return { ...redirect(state, location, []), headers: [] };
  if (habits.twoLocations) return redirect(state, location, [["Location", location]]);
  return redirect(
    state,
    habits.redirectTo === null ? location : `${habits.redirectTo}#!${fragment(fields)}`,
    [],
  );
}

function isCrawler(state: OriginState, request: OxRequest): boolean {
  const agent = request.userAgent.toLowerCase();
  const crawler = crawlers.find((name) => agent.includes(name));
  const patterned = /baidu.*search|yandex.*bot/.test(agent);
  if (crawler !== undefined || patterned) state.refuse("A User-Agent on the crawler list");
  return crawler !== undefined || patterned;
}

/** `GET share/redeem/token`: a bare object, or an error, always 200 (reference/ox.md 4.1). */
export function redeemToken(state: OriginState, request: OxRequest): OxReply {
  if (request.method !== "GET") {
    state.refuse(`${request.method} on share/redeem/token`);
    return pageReply(405, "Tokens are redeemed with GET.");
  }
  const token = request.query.get("token");
  if (token === null || request.query.get("language") === null) {
    const missing = token === null ? "token" : "language";
    state.refuse(`share/redeem/token: ${missing} is missing`);
    return failure(missingParameter(missing));
  }
  return reply(state.locations.get(token) ?? { error: "The token is unknown." });
}
