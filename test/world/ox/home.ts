import { type EmulatedServerOptions, hostOf } from "../emulated-server.ts";
import {
  analyze,
  type ManagementBody,
  type Outcome,
  resubscribe,
  subscribe,
  unsubscribe,
} from "./home-shares.ts";
import { answerFiles } from "./home-files.ts";
import type { HomeState, HomeUser, HomeUserSpec, Installation } from "./home-state.ts";
import { type OxObserved, type OxTrouble, type Place, startOxServer } from "./server.ts";
import { loginCookies, Sessions } from "./sessions.ts";
import { visitShare } from "./visitor.ts";
import {
  failure,
  missingParameter,
  oxErrors,
  type OxReply,
  type OxRequest,
  pageReply,
  readObject,
  reply,
  success,
} from "./wire.ts";

export interface OxHomeOptions extends EmulatedServerOptions {
  readonly prefix?: "/ajax/" | "/appsuite/api/";
  /** PEM of the authority whose certificates the originating servers have; they are sought at 127.0.0.1 alone. */
  readonly ca: string;
  /** Guests of the same installation, for the cross-context providers. */
  readonly installation?: Installation;
}

interface HomeSubscription {
  readonly account: string;
  readonly user: string;
  readonly displayName: string;
  readonly hasPassword: boolean;
  readonly folders: readonly string[];
}

/** What a test does with a home server; every argument and result is JSON. */
interface OxHomeControls extends OxTrouble, OxObserved {
  addUser(spec: HomeUserSpec): void;
  /** Takes a capability from a user, or gives it. */
  setCapability(name: string, capability: string, present: boolean): void;
  expireSessions(user?: string): void;
  /** Answers as builds of 7.10.5 before the newest did (reference/ox.md, section 7). */
  setOlderBuild(older: boolean): void;
  subscriptions(): readonly HomeSubscription[];
  logins(): { readonly successful: number; readonly failed: number };
  openSessions(): number;
  secrets(): readonly string[];
}

export interface OxHome extends OxHomeControls, AsyncDisposable {
  readonly port: number;
  /** `https://hostname:port`. */
  readonly origin: string;
  /** Address of the HTTP API, with its final slash. */
  readonly base: string;
}

/** Starts the recipient's own OX server: login and `share/management`, after reference/ox.md, sections 5 to 8. */
export async function startOxHome(options: OxHomeOptions): Promise<OxHome> {
  const prefix = options.prefix ?? "/appsuite/api/";
  const refusals: ((what: string) => void)[] = [];
  const state: HomeState = {
    users: new Map(),
    accounts: new Map(),
    sessions: new Sessions(),
    installation: options.installation ?? null,
    olderBuild: false,
    visit: async (link, password) => visitShare({ ca: options.ca }, link, password),
    refuse: (what) => refusals.forEach((refuse) => refuse(what)),
    counts: { logins: 0, failedLogins: 0, nextAccount: 21 },
  };
  const server = await startOxServer(options, {
    placeOf: (request) => placeOf(request, prefix),
    answer: async (request) => answer(state, request, prefix),
  });
  refusals.push(server.refuse);
  const origin = `https://${hostOf(options.hostname, server.port)}`;
  return { ...server, origin, base: `${origin}${prefix}`, ...controls(state) };
}

function controls(state: HomeState) {
  return {
    addUser: (spec: HomeUserSpec) => addUser(state, spec),
    setCapability: (name: string, capability: string, present: boolean) => {
      const user = state.users.get(name);
      if (user === undefined) throw new Error(`The emulated server has no user ${name}; add it first.`);
      const others = [...user.capabilities].filter((each) => each !== capability);
      const capabilities = new Set(present ? [...others, capability] : others);
      state.users.set(name, { ...user, capabilities });
    },
    expireSessions: (user?: string) => state.sessions.expire(user ?? null),
    setOlderBuild: (older: boolean) => void (state.olderBuild = older),
    subscriptions: () =>
      [...state.accounts.values()].map(({ id, user, displayName, password, subscribed }) => ({
        account: id,
        user,
        displayName,
        hasPassword: password !== null,
        folders: [...subscribed],
      })),
    logins: () => ({ successful: state.counts.logins, failed: state.counts.failedLogins }),
    openSessions: () => state.sessions.openCount,
    secrets: () => state.sessions.secrets,
  };
}

function addUser(state: HomeState, spec: HomeUserSpec): void {
  const capabilities = spec.capabilities ?? ["webmail", "infostore", "filestorage_xox"];
  state.users.set(spec.name, {
    ...spec,
    aliases: spec.aliases ?? [],
    capabilities: new Set(capabilities),
    userId: 3 + state.users.size,
  });
}

function placeOf({ path, query }: OxRequest, prefix: string): Place {
  if (path === `${prefix}infostore` && query.get("action") === "document") return "document";
  if (path !== `${prefix}login`) return "api";
  return query.get("action") === "logout" ? "logout" : "login";
}

async function answer(state: HomeState, request: OxRequest, prefix: string): Promise<OxReply> {
  const action = request.query.get("action") ?? "";
  if (request.path === `${prefix}login` && action === "login") return login(state, request);
  const user = userOf(state, request);
  if ("status" in user) return user;
  switch (request.path) {
    case `${prefix}share/management`:
      return management(state, request, user, action);
    case `${prefix}login`:
      return action === "logout" ? logout(state, request) : unknownAction(state, "login");
    case `${prefix}capabilities`:
      return allCapabilities(state, request, user, action);
    default: {
      const files = answerFiles(state, request, user, `${request.path.slice(prefix.length)} ${action}`);
      if (files !== null) return files;
      state.refuse(`${request.method} on a path that is not served`);
      return pageReply(404, "There is nothing here.");
    }
  }
}

/** OX HTTP API, login: a form in the body, the session and its user in a bare answer. */
function login(state: HomeState, request: OxRequest): OxReply {
  if (request.method !== "POST") return refuseMethod(state, request, "login?action=login", "POST");
  if (request.contentType !== "application/x-www-form-urlencoded") {
    state.refuse(`login?action=login: content type "${request.contentType}" of the body`);
    return failure(oxErrors.invalidValue);
  }
  const form = new URLSearchParams(request.body);
  const missing = ["name", "password", "client", "version"].find((field) => form.get(field) === null);
  const inQuery = ["name", "password"].find((field) => request.query.has(field));
  if (missing !== undefined || inQuery !== undefined) {
    state.refuse(`login?action=login: ${missing ?? inQuery} is not in the body alone`);
    return failure(missingParameter(missing ?? ""));
  }
  const user = state.users.get(form.get("name") ?? "");
  if (user === undefined || user.password !== form.get("password")) {
    state.counts.failedLogins += 1;
    return failure(oxErrors.invalidCredentials);
  }
  state.counts.logins += 1;
  const session = state.sessions.begin(user.name, form.get("client") ?? "", request.userAgent);
  const { name, userId } = user;
  const told = { session: session.id, user: name, user_id: userId, context_id: 1, locale: "en_US" };
  return reply(told, loginCookies(session, null));
}

/** The user whose session and secret cookie a request carries, or the answer that refuses it. */
function userOf(state: HomeState, request: OxRequest): HomeUser | OxReply {
  const session = state.sessions.of(request);
  if ("error" in session) {
    if (session.breach !== null) state.refuse(`${request.method} ${request.path}: ${session.breach}`);
    return failure(session.error);
  }
  return state.users.get(session.owner) ?? failure(oxErrors.invalidCredentials);
}

function logout(state: HomeState, request: OxRequest): OxReply {
  const session = state.sessions.of(request);
  if (!("error" in session)) state.sessions.end(session);
  return { status: 200, headers: [["Content-Type", "text/html; charset=UTF-8"]], body: "" };
}

function allCapabilities(state: HomeState, request: OxRequest, user: HomeUser, action: string): OxReply {
  if (action !== "all") return unknownAction(state, "capabilities");
  if (request.method !== "GET") return refuseMethod(state, request, "capabilities?action=all", "GET");
  return success([...user.capabilities].map((id) => ({ id, attributes: {} })));
}

type Doing = (
  state: HomeState,
  user: HomeUser,
  body: ManagementBody,
) => Outcome<object> | Promise<Outcome<object>>;

const actions: ReadonlyMap<string, Doing> = new Map<string, Doing>([
  ["analyze", analyze],
  ["subscribe", subscribe],
  ["resubscribe", resubscribe],
  ["unsubscribe", unsubscribe],
]);

async function management(
  state: HomeState,
  request: OxRequest,
  user: HomeUser,
  action: string,
): Promise<OxReply> {
  const name = `share/management?action=${action}`;
  const act = actions.get(action);
  if (act === undefined) return unknownAction(state, "share/management");
  if (request.method !== "PUT") return refuseMethod(state, request, name, "PUT");
  const body = readBody(request.body);
  if (body === null) {
    state.refuse(`${name}: the body is no object with a link, or name and password are no texts`);
    return failure(missingParameter("link"));
  }
  const outcome = await act(state, user, body);
  return "error" in outcome ? failure(outcome.error) : success(outcome.value);
}

function readBody(text: string): ManagementBody | null {
  const { link, name = null, password = null } = readObject(text) ?? {};
  if (typeof link !== "string" || link === "") return null;
  if (!isTextOrNull(name) || !isTextOrNull(password)) return null;
  return { link, name, password };
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === "string";
}

function unknownAction(state: HomeState, module: string): OxReply {
  state.refuse(`${module}: unknown action`);
  return failure(oxErrors.unknownAction);
}

function refuseMethod(state: HomeState, request: OxRequest, name: string, right: string): OxReply {
  state.refuse(`${request.method} ${name}: the action is asked with ${right}`);
  return pageReply(405, `This action is asked with ${right}.`);
}
