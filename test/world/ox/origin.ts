import { type EmulatedServerOptions, hostOf } from "../emulated-server.ts";
import { answerCall } from "./origin-calls.ts";
import type { Installation } from "./home-state.ts";
import { openLink, redeemToken } from "./origin-link.ts";
import { type LinkHabits, type LoginCount, type OriginState, plainHabits } from "./origin-state.ts";
import { type OxObserved, type OxTrouble, type Place, startOxServer } from "./server.ts";
import { Sessions } from "./sessions.ts";
import { type FolderSpec, type Guest, type GuestSpec, type LinkOptions, pathTo, Shares } from "./shares.ts";
import { type OxReply, type OxRequest, pageReply } from "./wire.ts";

export type Prefix = "/ajax/" | "/appsuite/api/";

export interface OxOriginOptions extends EmulatedServerOptions {
  readonly prefix?: Prefix;
}

interface OriginCounters {
  readonly requests: number;
  readonly connections: number;
  /** Logins that were not logged out and did not expire. */
  readonly openSessions: number;
  /** By guest token. */
  readonly linkOpens: Readonly<Record<string, number>>;
  readonly logins: Readonly<Record<string, LoginCount>>;
}

/** What a test does with an originating server. Guests are named by their token; every argument and result is JSON. */
export interface OxOriginControls extends OxTrouble, OxObserved {
  /** A guest is a named one with a mail address, an anonymous one without. */
  addGuest(spec: GuestSpec): Guest;
  addFolder(spec: FolderSpec): void;
  /** The share link of a guest: to a folder or a file in it, or (folder null) the bare link of `confirm-pwreset`. */
  link(token: string, folder: string | null, options?: LinkOptions): string;
  setPassword(token: string, password: string | null): void;
  setMail(token: string, mail: string | null): void;
  revoke(token: string): void;
  removeFolder(id: string): void;
  hideFolder(token: string, id: string): void;
  showFolder(token: string, id: string): void;
  blacklistClient(token: string): void;
  /** Sessions, all or of one guest, are lost on the server's side. */
  expireSessions(token?: string): void;
  /** The next so many API calls become jobs that are done after `polls` polls. */
  enqueueAsJobs(times: number, polls?: number): void;
  /** Ways to answer that a test switches on and off; `blacklistClient` has its own switch. */
  setHabits(habits: Partial<Omit<LinkHabits, "blacklistedGuests">>): void;
  guestLogins(token: string): LoginCount;
  counters(): OriginCounters;
  openSessions(): number;
  /** Session ids and cookie secrets handed out so far. */
  secrets(): readonly string[];
}

export interface OxOrigin extends OxOriginControls, Installation, AsyncDisposable {
  readonly port: number;
  /** `https://hostname:port`. */
  readonly origin: string;
  /** Address of the HTTP API, with its final slash. */
  readonly base: string;
}

/** Starts an OX server that shares: links, guest sessions and what guests may call, strictly after reference/ox.md, section 4. */
export async function startOxOrigin(options: OxOriginOptions): Promise<OxOrigin> {
  const prefix = options.prefix ?? "/ajax/";
  const refusals: ((what: string) => void)[] = [];
  const state = newState((what) => refusals.forEach((refuse) => refuse(what)));
  const server = await startOxServer(options, {
    placeOf: (request) => placeOf(request, prefix),
    answer: (request) => inHabit(state, answer(state, request, prefix)),
  });
  refusals.push(server.refuse);
  const origin = `https://${hostOf(options.hostname, server.port)}`;
  return {
    ...server,
    origin,
    base: `${origin}${prefix}`,
    ...shareSwitches(state, `${origin}${prefix}`),
    ...sessionSwitches(state, server),
    resolveGuest: (token) => state.shares.guest(token),
    sees: (token, folder) => state.shares.sees(token, folder),
    folder: (id) => state.shares.folder(id),
    below: (token, parent) => state.shares.below(token, parent),
  };
}

function newState(refuse: (what: string) => void): OriginState {
  return {
    shares: new Shares(),
    sessions: new Sessions(),
    habits: plainHabits(),
    locations: new Map(),
    linkOpens: new Map(),
    logins: new Map(),
    jobs: new Map(),
    jobsToCome: 0,
    jobPolls: 1,
    refuse,
  };
}

const linkPath = /^share\/([0-9a-fA-F]{48})((?:\/[^/]+)*)\/?$/;

function placeOf({ path, query }: OxRequest, prefix: string): Place {
  const below = path.startsWith(prefix) ? path.slice(prefix.length) : "";
  if (linkPath.test(below)) return "link";
  if (below === "share/redeem/token") return "redeem";
  if (below === "infostore" && query.get("action") === "document") return "document";
  if (below !== "login") return "api";
  return query.get("action") === "logout" ? "logout" : "login";
}

function answer(state: OriginState, request: OxRequest, prefix: string): OxReply {
  const below = request.path.startsWith(prefix) ? request.path.slice(prefix.length) : null;
  const [, token, path] = below === null ? [] : (linkPath.exec(below) ?? []);
  if (token !== undefined && path !== undefined) return openLink(state, request, token, path);
  if (below === "share/redeem/token") return redeemToken(state, request);
  if (below !== null && /^[a-z]+$/.test(below)) return answerCall(state, request, below);
  state.refuse(`${request.method} on a path that is not served`);
  return pageReply(404, "There is nothing here.");
}

function inHabit({ habits }: OriginState, made: OxReply): OxReply {
  if (!habits.asHtml || made.status !== 200) return made;
  const headers = made.headers.filter(([name]) => name !== "Content-Type");
  return { ...made, headers: [...headers, ["Content-Type", "text/html; charset=UTF-8"]] };
}

function shareSwitches({ shares, habits }: OriginState, base: string) {
  return {
    addGuest: (spec: GuestSpec) => shares.addGuest(spec),
    addFolder: (spec: FolderSpec) => void shares.addFolder(spec),
    link: (token: string, id: string | null, options: LinkOptions = {}) => {
      const link = `${base}share/${shares.knownGuest(token).token}`;
      if (id === null) return link;
      const folder = shares.folder(id);
      if (folder === null) throw new Error(`The emulated server has no folder ${id}; add it first.`);
      return link + pathTo(folder, options);
    },
    setPassword: (token: string, password: string | null) => shares.changeGuest(token, { password }),
    setMail: (token: string, mail: string | null) => shares.changeGuest(token, { mail }),
    revoke: (token: string) => shares.revoke(token),
    removeFolder: (id: string) => shares.removeFolder(id),
    hideFolder: (token: string, id: string) => shares.hideFolder(token, id),
    showFolder: (token: string, id: string) => shares.showFolder(token, id),
    blacklistClient: (token: string) => void habits.blacklistedGuests.add(shares.knownGuest(token).token),
  };
}

function sessionSwitches(state: OriginState, server: OxObserved) {
  return {
    expireSessions: (token?: string) => state.sessions.expire(token ?? null),
    enqueueAsJobs: (times: number, polls = 1) => {
      state.jobsToCome = times;
      state.jobPolls = polls;
    },
    setHabits: (habits: Partial<Omit<LinkHabits, "blacklistedGuests">>) =>
      void Object.assign(state.habits, habits),
    guestLogins: (token: string) => state.logins.get(token) ?? { successful: 0, failed: 0 },
    openSessions: () => state.sessions.openCount,
    secrets: () => state.sessions.secrets,
    counters: (): OriginCounters => ({
      requests: server.requests().length,
      connections: server.connections(),
      openSessions: state.sessions.openCount,
      linkOpens: Object.fromEntries(state.linkOpens),
      logins: Object.fromEntries(state.logins),
    }),
  };
}
