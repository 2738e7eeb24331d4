/**
 * An emulated Nextcloud, 32 or the master line ("34"), after reference/ocm.md. What the reference does not tell is answered with an
 * error and noted in `refusals()`; what it says that Nextcloud refuses is answered as observed, and seen in `received()`.
 *
 * | step | how a test drives it |
 * | --- | --- |
 * | start | `await stage.start(startNextcloud, "cloud.example", { generation: 32, users: [{ uid: "ada", mail: "…" }] })` |
 * | share out | `createShare("dora@receiver.example", { name, file })`, or `files`; `unshare(share)`; `sent()` has the states |
 * | share in | `taken()`; `accept(share)`, `decline(share)` (also leaves); `list(share, path)`, `read(share, path)` |
 * | invite | `createInvite(uid)`; `mails.invite(…)` is its mail; `wayf(token, home)`; `invites()` has who accepted |
 * | accept an invitation | `acceptInvite(uid, link, code or string)`, master line with the contacts app; `contacts()` |
 * | public link | `link({ name, file, password, isFileDrop })`, then POST createFederatedShare or, at home, askForFederatedShare |
 * | its life | `lock(token, password)` changes the password, `unlink(token)` takes the link back |
 * | at home | OCS remote_shares, notifications, and PATCH to accept an invitation, with `appPassword(uid)` |
 * | notices | `mails.notification(share)`, `mails.activity(share)`, `mails.link(link, to)`, `mails.linkPassword(link, to)` |
 * | trouble | `misbehave(fault, place)`, `goDown()`, `setNow(at)`, `expireInvite(token)`, `expireTokens()`, `holdExchanges()`, `forgetKeys()` |
 */
import { sharedCavageKey } from "../ocm/cavage.ts";
import { accept, decline, unshare } from "../ocm/following.ts";
import { newMessageKey } from "../ocm/message-signature.ts";
import { list, read } from "../ocm/mounted.ts";
import { type OcmServerOptions, startOcmServer } from "../ocm/server.ts";
import { type SentShare, type SharedResource, type TakenShare, userNamed } from "../ocm/shares.ts";
import { newUser, type UserSpec } from "../ocm/users.ts";
import { acceptInvite, readInvite, wayfTarget } from "./contacts.ts";
import { discoverAs, userAgent } from "./discovery.ts";
import { createInvite } from "./invites.ts";
import { addLink, type LinkedResource } from "./links.ts";
import { nextcloudMails } from "./mails.ts";
import { routes } from "./routes.ts";
import { createShare } from "./send-share.ts";
import { postSigned } from "./signing.ts";
import type { Generation, NextcloudSettings, NextcloudState } from "./state.ts";
import { locate } from "./tokens.ts";

export interface NextcloudOptions {
  readonly generation: Generation;
  readonly users: readonly UserSpec[];
  readonly settings?: Partial<NextcloudSettings>;
}

export type Nextcloud = Awaited<ReturnType<typeof startNextcloud>>;

/** Starts it on 127.0.0.1. */
export async function startNextcloud(options: NextcloudOptions & OcmServerOptions) {
  const clock = { now: () => Date.now() };
  const { server, peer: state } = await startOcmServer<NextcloudState>(
    { ...options, userAgent },
    routes,
    async (ground) => {
      const { generation } = options;
      const made: NextcloudState = {
        ...ground,
        generation,
        key: await newKey(generation, ground.origin),
        now: () => clock.now(),
        settings: settingsOf(options),
        users: new Map(options.users.map((spec) => [spec.uid, newUser(spec)])),
        ...nothingYet(),
        discover: async (host) => discoverAs(generation, ground.call, host),
        post: async (to, path, body) =>
          postSigned(made, to, `${to.endPoint.replace(/\/+$/, "")}${path}`, {
            type: "application/json",
            body: JSON.stringify(body),
          }),
        locate: async (share) => locate(made, share),
      };
      return made;
    },
  );
  return {
    ...server,
    ...views(state),
    ...controls(state),
    /** Its clock, in milliseconds since the epoch; null is the real time. */
    setNow: (at: number | null) => void (clock.now = at === null ? () => Date.now() : () => at),
  };
}

async function newKey(generation: Generation, origin: string): Promise<NextcloudState["key"]> {
  if (generation === 32) return { kind: "cavage", own: await sharedCavageKey(`${origin}/ocm#signature`) };
  return { kind: "message", own: await newMessageKey(`${origin}/ocm#ecdsa-p256-sha256-1`) };
}

const usualSettings: NextcloudSettings = {
  instanceName: "Campus Cloud",
  contactsApp: true,
  inviteForm: "json",
  capabilitiesAsObject: false,
  sharesPer1200s: 5,
  tokens: "never",
  tokenSeconds: 3600,
};

function settingsOf({ generation, settings }: NextcloudOptions): NextcloudSettings {
  return { ...usualSettings, ...settings, ...(generation === 32 ? { contactsApp: false } : {}) };
}

function nothingYet() {
  return {
    sent: [],
    taken: [],
    notified: [],
    signatories: new Map(),
    signatureTroubles: [],
    links: [],
    invites: [],
    contacts: [],
    postedShares: new Map(),
    tokensTaken: new Map(),
    exchanging: new Set<string>(),
    exchangeGate: Promise.resolve(),
  };
}

function views(state: NextcloudState) {
  return {
    /** Host part of its OCM addresses. */
    host: state.host,
    origin: state.origin,
    /** May be changed while it runs. */
    settings: state.settings,
    sent: (): readonly SentShare[] => [...state.sent],
    taken: (): readonly TakenShare[] => [...state.taken],
    notified: () => [...state.notified],
    invites: () => [...state.invites],
    contacts: () => [...state.contacts],
    signatureTroubles: () => [...state.signatureTroubles],
    /** Hosts whose keys are known. */
    signatories: () => [...state.signatories.keys()],
    address: (uid: string) => `${userNamed(state, uid).uid}@${state.host}`,
    appPassword: (uid: string) => userNamed(state, uid).appPassword,
  };
}

function controls(state: NextcloudState) {
  return {
    createShare: async (address: string, resource: SharedResource) => createShare(state, address, resource),
    unshare: async (share: SentShare) => unshare(state, share),
    accept: async (share: TakenShare) => accept(state, share),
    decline: async (share: TakenShare) => decline(state, share),
    list: async (share: TakenShare, path = "") => list(state, share, path, "1"),
    read: async (share: TakenShare, path = "") => read(state, share, path),
    link: (resource: LinkedResource) => {
      const link = addLink(state, resource);
      return { ...link, url: `${state.origin}/index.php/s/${link.token}` };
    },
    lock: (token: string, password: string | null) => {
      for (const link of state.links) if (link.token === token) link.password = password;
    },
    unlink: (token: string) => void (state.links = state.links.filter((link) => link.token !== token)),
    createInvite: (by?: string) => createInvite(state, by),
    acceptInvite: async (uid: string, text: string) => {
      const invite = readInvite(text);
      if (invite === null) throw new Error("This is no invitation.");
      if (state.generation === 32) throw new Error("Nextcloud 32 has no page to accept invitations.");
      return acceptInvite(state, userNamed(state, uid), invite.token, invite.provider);
    },
    wayf: async (token: string, home: string) => wayfTarget(state, token, home),
    mails: nextcloudMails(state),
    expireInvite: (token: string) => {
      for (const invite of state.invites) if (invite.token === token) invite.expiresAt = 0;
    },
    /** Access tokens that it gave have expired. */
    expireTokens: () => {
      for (const share of state.sent) {
        if (share.accessToken !== null) share.accessToken = { ...share.accessToken, expiresAt: 0 };
      }
    },
    /** Exchanges wait until the function that this gives is called; two at the same time for one share are noted. */
    holdExchanges: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      state.exchangeGate = promise;
      return resolve;
    },
    forgetKeys: () => state.signatories.clear(),
  };
}
