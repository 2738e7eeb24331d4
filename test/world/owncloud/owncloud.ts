/**
 * An emulated ownCloud 10 after reference/ocm.md 5.2, 5.3 and 6.3. What the reference does not tell is answered with an error and
 * noted in `refusals()`.
 *
 * | step | how a test drives it |
 * | --- | --- |
 * | start | `await stage.start(startOwncloud, "oc.example", { users: [{ uid: "eve", displayName: "Eve E." }] })` |
 * | share out | `createShare("dora@receiver.example", { name, file })`, or `files`; `unshare(share)`; `sent()` has the states |
 * | share in | `taken()`; `accept(share)`, `decline(share)` (also leaves); `list(share, path)`, `read(share, path)` |
 * | public link | `link({ name, files, password })`: its token opens WebDAV; `linkMail(link, to)` tells of it |
 * | its life | `lock(token, password)` changes the password, `unlink(token)` takes the link back |
 * | at home | OCS remote_shares with `appPassword(uid)`; ids are texts |
 *
 * It has no invitations, no signatures, and no route that turns links into shares. What the reference leaves open is answered in
 * one way: the page of a link is there as long as the link, whatever its password.
 */
import { discover } from "../ocm/discovery.ts";
import { accept, decline, unshare } from "../ocm/following.ts";
import { composed } from "../ocm/mail.ts";
import { list, locateBySecret, read } from "../ocm/mounted.ts";
import { type OcmServerOptions, startOcmServer } from "../ocm/server.ts";
import { type SentShare, type SharedResource, type TakenShare, userNamed } from "../ocm/shares.ts";
import { treeOf } from "../ocm/tree.ts";
import { alphanumerics, newUser, type UserSpec } from "../ocm/users.ts";
import { escaped } from "../ocm/wire.ts";
import { routes } from "./routes.ts";
import { createShare } from "./send-share.ts";
import type { LinkedResource, OwncloudState, PublicLink } from "./state.ts";

export interface OwncloudOptions {
  readonly users: readonly UserSpec[];
  readonly instanceName?: string;
}

export type Owncloud = Awaited<ReturnType<typeof startOwncloud>>;

/** Starts it on 127.0.0.1. */
export async function startOwncloud(options: OwncloudOptions & OcmServerOptions) {
  const userAgent = "ownCloud Server Crawler";
  const { server, peer: state } = await startOcmServer<OwncloudState>(
    { ...options, userAgent },
    routes,
    (ground) => {
      const made: OwncloudState = {
        ...ground,
        instanceName: options.instanceName ?? "Campus Files",
        users: new Map(options.users.map((spec) => [spec.uid, newUser(spec)])),
        sent: [],
        taken: [],
        notified: [],
        links: [],
        discover: async (host) => discover(ground.call, host, ["/ocm-provider/"]),
        post: async (to, path, body) =>
          ground.call({
            method: "POST",
            url: `${to.endPoint.replace(/\/+$/, "")}${path}`,
            headers: { "Content-Type": "application/json", Accept: "application/json" },
            body: JSON.stringify(body),
          }),
        locate: async (share) => locateBySecret(made, share),
      };
      return made;
    },
  );
  return { ...server, ...views(state), ...controls(state) };
}

function views(state: OwncloudState) {
  return {
    /** Host part of its OCM addresses. */
    host: state.host,
    origin: state.origin,
    sent: (): readonly SentShare[] => [...state.sent],
    taken: (): readonly TakenShare[] => [...state.taken],
    notified: () => [...state.notified],
    address: (uid: string) => `${userNamed(state, uid).uid}@${state.host}`,
    appPassword: (uid: string) => userNamed(state, uid).appPassword,
  };
}

function controls(state: OwncloudState) {
  return {
    createShare: async (address: string, resource: SharedResource) => createShare(state, address, resource),
    unshare: async (share: SentShare) => unshare(state, share),
    accept: async (share: TakenShare) => accept(state, share),
    decline: async (share: TakenShare) => decline(state, share),
    list: async (share: TakenShare, path = "") => list(state, share, path, "1"),
    read: async (share: TakenShare, path = "") => read(state, share, path),
    link: (resource: LinkedResource) => {
      const link: PublicLink = {
        token: alphanumerics(15),
        by: userNamed(state, resource.by).uid,
        name: resource.name,
        root: treeOf(resource),
        password: resource.password ?? null,
      };
      state.links.push(link);
      return { ...link, url: linkUrl(state, link) };
    },
    lock: (token: string, password: string | null) => {
      for (const link of state.links) if (link.token === token) link.password = password;
    },
    unlink: (token: string) => void (state.links = state.links.filter((link) => link.token !== token)),
    linkMail: (link: PublicLink, to: string, more: { expires?: string; note?: string } = {}) =>
      linkMail(state, link, { to, ...more }),
  };
}

function linkUrl({ origin }: OwncloudState, { token }: PublicLink): string {
  return `${origin}/index.php/s/${token}`;
}

/** RFC 5322 text of the mail that a public link is sent with (reference/ocm.md 2.3, OC10). */
function linkMail(
  state: OwncloudState,
  link: PublicLink,
  { to, expires, note }: { readonly to: string; readonly expires?: string; readonly note?: string },
): string {
  const { displayName, mail } = userNamed(state, link.by);
  const url = linkUrl(state, link);
  const shared = `${displayName} shared ${link.name} with you.`;
  const expiry = expires === undefined ? [] : [`The share will expire on ${expires}.`];
  const personal = note === undefined ? [] : [`Personal note from the sender: ${note}`];
  return composed({
    subject: `${displayName} shared »${link.name}« with you`,
    from: {
      name: `${displayName} via ${state.instanceName}`,
      address: `sharing-noreply@${state.hostname}`,
    },
    to,
    ...(mail === null ? {} : { replyTo: { name: displayName, address: mail } }),
    text: [
      "Hello,",
      "",
      shared,
      `View it: ${url}`,
      "",
      ...expiry,
      ...personal,
      "",
      "-- ",
      state.instanceName,
    ],
    html: [
      `<p>${escaped(shared)}</p><p><a href="${url}">View it!</a></p>`,
      ...[...expiry, ...personal].map((line) => `<p>${escaped(line)}</p>`),
    ],
  });
}
