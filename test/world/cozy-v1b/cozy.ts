/**
 * An emulated Cozy of the reworked protocol of cozy-stack (v1b: reference/cozy.md 2.3, 3.3, 6, 8, 9). It shares and
 * receives; what it has in common with v1a comes from `../cozy-v1a/stack/`.
 *
 * How a test drives each step (Alice shares, Bob receives; either may be somebody else's server):
 *
 * | step | how |
 * | --- | --- |
 * | start | `await using alice = await startCozyV1b({ tls, hostname, ownerMail, resolve })` |
 * | a contact | `alice.owner.addContact({ name, mail, cozy })` |
 * | create and mail | `alice.owner.share({ type, permissions, contacts })`; `previewPath` makes the link one of the app |
 * | one more | `alice.owner.addRecipient(id, contactId)` |
 * | the mail | `alice.mails()`, or `send` in the options for a real SMTP server; `linkIn(mail)` gives its link |
 * | accept | `bob.owner.accept(link)`: form with the own address, login, consent; Bob's server asks Alice's |
 * | refuse | there is none |
 * | documents | `alice.owner.write(doctype, id, value)`, `remove`; `bob.document(doctype, id)`; `alice.settled()` before looking |
 * | revoke as sharer | `alice.owner.revoke(id)`, `alice.owner.revokeRecipient(id, contactId)` |
 * | leave as recipient | `bob.owner.leave(id)`, or `bob.owner.remove` of the only document |
 * | refresh | `bob.expireAccessTokens()` |
 * | states | `sharings()`, `clients()`, `tokens()`, `sharecode(id, contactId)`; `refusals()` |
 * | faults | `misbehave(fault, place)`, `goDown()`, `comeUp()`; places are those of `CozyPlace` |
 *
 * What the reference leaves open is answered in one way: an added recipient is mailed at once, the code of a revoked one
 * is unknown, "already accepted" comes before "unknown client", and an accepted recipient ends at 302 to the own home.
 * The page behind a preview link is the app's and not served. Files and folders are not taken: 501.
 */
import { type CozyView, viewOf } from "../cozy-v1a/stack/cozy-view.ts";
import { commonRoutes, listRoute, sharingRoutes } from "../cozy-v1a/stack/routes.ts";
import type { Sharing } from "../cozy-v1a/stack/sharing.ts";
import {
  type CozyOptions,
  type CozyPlace,
  type Route,
  type Stack,
  startStack,
} from "../cozy-v1a/stack/stack.ts";
import { followChange } from "../cozy-v1a/stack/triggers.ts";
import type { JsonObject } from "../cozy-v1a/stack/wire.ts";
import type { EmulatedServer } from "../emulated-server.ts";
import { plainAttributes, takeAnswer } from "./answer.ts";
import { showConsent, takeConsent } from "./authorize.ts";
import { addRecipient, createSharing, setDestination } from "./create.ts";
import { showDiscovery, takeDiscovery } from "./discovery.ts";
import { type V1bOwner, v1bOwner } from "./owner.ts";
import type { CozyV1bState } from "./sharing.ts";

export interface CozyV1b extends EmulatedServer<CozyPlace>, CozyView {
  readonly owner: V1bOwner;
  /** Of a recipient, null where there is none. */
  sharecode(id: string, contactId: string): string | null;
  /** Directory for what an app receives. */
  destination(slug: string, doctype: string): string | null;
}

const routes: readonly Route<CozyV1bState>[] = [
  ...commonRoutes,
  { method: "GET", path: /^\/auth\/authorize$/, place: "page", take: showConsent },
  { method: "POST", path: /^\/auth\/authorize$/, place: "page", take: takeConsent },
  { method: "POST", path: /^\/sharings\/$/, place: "app", take: createSharing },
  { method: "POST", path: /^\/sharings\/answer$/, place: "answer", take: takeAnswer },
  { method: "POST", path: /^\/sharings\/destination\/([^/]+)$/, place: "app", take: setDestination },
  { method: "POST", path: /^\/sharings\/([^/]+)\/recipients$/, place: "app", take: addRecipient },
  { method: "GET", path: /^\/sharings\/([^/]+)\/discovery$/, place: "discovery", take: showDiscovery },
  { method: "POST", path: /^\/sharings\/([^/]+)\/discovery$/, place: "discovery", take: takeDiscovery },
  ...sharingRoutes,
  listRoute("shared-with-me", "shared-by-me"),
];

export async function startCozyV1b(options: CozyOptions): Promise<CozyV1b> {
  const { server, cozy } = await startStack({ publicName: "Someone", ...options }, routes, newState);
  return {
    ...server,
    ...viewOf(cozy, server),
    owner: v1bOwner(cozy),
    sharecode: (id, contactId) => cozy.codes.get(`${id}/${contactId}`) ?? null,
    destination: (slug, doctype) => cozy.destinations.get(`${slug}/${doctype}`) ?? null,
  };
}

function newState(stack: Stack): CozyV1bState {
  const cozy: CozyV1bState = {
    ...stack,
    sharings: [],
    codes: new Map(),
    destinations: new Map(),
    leavePath: ({ id }, clientId) => `/sharings/${id}/${clientId}`,
    losesStates: true,
    attributesOf: (sharing) => attributesOf(cozy, sharing),
    changed: (change) => followChange(cozy, change),
  };
  return cozy;
}

function attributesOf({ sharings }: CozyV1bState, { id, owner, revoked }: Sharing): JsonObject {
  const sharing = sharings.find((each) => each.id === id);
  return {
    ...(sharing === undefined ? {} : plainAttributes(sharing)),
    owner,
    ...(revoked ? { revoked: true } : {}),
  };
}
