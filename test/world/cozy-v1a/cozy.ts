/**
 * An emulated Cozy of the first protocol of cozy-stack (v1a: reference/cozy.md 2.2, 3.2, 5, 8, 9). It shares and receives.
 *
 * How a test drives each step (Alice shares, Bob receives; either may be somebody else's server):
 *
 * | step | how |
 * | --- | --- |
 * | start | `await using alice = await startCozyV1a({ tls, hostname, ownerMail, resolve })` |
 * | a contact | `alice.owner.addContact({ mail, cozy })`; without `cozy` the mail leads to discovery |
 * | create and mail | `alice.owner.share({ type, permissions, contacts })`: the real POST /sharings/ with an app's token |
 * | the mail | `alice.mails()`, or `send` in the options for a real SMTP server; `linkIn(mail)` gives its link |
 * | accept | `bob.owner.accept(link)`: Bob's browser logs in, answers a discovery form, consents, follows all redirects |
 * | refuse | `bob.owner.refuse(link)`: posts /sharings/formRefuse and follows |
 * | documents | `alice.owner.write(doctype, id, value)`, `remove`; `bob.document(doctype, id)`; `alice.settled()` before looking |
 * | revoke as sharer | `alice.owner.revoke(sharingId)`, `alice.owner.revokeRecipient(sharingId, contactId)` |
 * | leave as recipient | `bob.owner.leave(sharingId)`, or `bob.owner.remove` of the only document |
 * | refresh | `bob.expireAccessTokens()` |
 * | states | `sharings()`, `clients()`, `tokens()`; `refusals()` tells what came and should not have |
 * | faults | `misbehave(fault, place)`, `goDown()`, `comeUp()`; places are those of `CozyPlace` |
 *
 * What the reference leaves open is answered in one way and said where it is done: adding a recipient does not mail him,
 * trouble with tokens, forged forms. Files and folders are not taken: 501.
 */
import type { EmulatedServer } from "../emulated-server.ts";
import { takeAnswer, takeClient, takeCode } from "./answer.ts";
import { addRecipient, createSharing, sendMails } from "./create.ts";
import { showDiscovery, takeDiscovery } from "./discovery.ts";
import { type V1aOwner, v1aOwner } from "./owner.ts";
import { receiveRequest, showConsent, takeConsent, takeRefusal } from "./request.ts";
import { setDestination } from "./destination.ts";
import type { CozyV1aState } from "./sharing.ts";
import { type CozyView, viewOf } from "./stack/cozy-view.ts";
import { commonRoutes, listRoute, sharingRoutes } from "./stack/routes.ts";
import { type CozyOptions, type CozyPlace, type Route, type Stack, startStack } from "./stack/stack.ts";
import type { Sharing } from "./stack/sharing.ts";
import type { JsonObject } from "./stack/wire.ts";
import { followChange } from "./stack/triggers.ts";

export interface CozyV1a extends EmulatedServer<CozyPlace>, CozyView {
  readonly owner: V1aOwner;
  /** Directory for what an app receives, as set by destinationDirectory. */
  destination(slug: string, doctype: string): string | null;
}

const routes: readonly Route<CozyV1aState>[] = [
  ...commonRoutes,
  { method: "GET", path: /^\/auth\/authorize$/, place: "page", take: showConsent },
  { method: "POST", path: /^\/auth\/authorize$/, place: "page", take: takeConsent },
  { method: "POST", path: /^\/sharings\/$/, place: "app", take: createSharing },
  { method: "PUT", path: /^\/sharings\/([^/]+)\/recipient$/, place: "app", take: addRecipient },
  { method: "PUT", path: /^\/sharings\/([^/]+)\/sendMails$/, place: "app", take: sendMails },
  { method: "GET", path: /^\/sharings\/request$/, place: "request", take: receiveRequest },
  { method: "GET", path: /^\/sharings\/answer$/, place: "answer", take: takeAnswer },
  { method: "POST", path: /^\/sharings\/formRefuse$/, place: "request", take: takeRefusal },
  { method: "POST", path: /^\/sharings\/access\/client$/, place: "access", take: takeClient },
  { method: "POST", path: /^\/sharings\/access\/code$/, place: "access", take: takeCode },
  { method: "GET", path: /^\/sharings\/discovery$/, place: "discovery", take: showDiscovery },
  { method: "POST", path: /^\/sharings\/discovery$/, place: "discovery", take: takeDiscovery },
  { method: "POST", path: /^\/sharings\/app\/destinationDirectory$/, place: "app", take: setDestination },
  ...sharingRoutes,
  listRoute("sharedWithMe", "sharedWithOthers"),
];

export async function startCozyV1a(options: CozyOptions): Promise<CozyV1a> {
  const { server, cozy } = await startStack(options, routes, newState);
  return {
    ...server,
    ...viewOf(cozy, server),
    owner: v1aOwner(cozy),
    destination: (slug, doctype) => cozy.destinations.get(`${slug}/${doctype}`) ?? null,
  };
}

function newState(stack: Stack): CozyV1aState {
  const cozy: CozyV1aState = {
    ...stack,
    sharings: [],
    destinations: new Map(),
    // The route for contacts with the id of a client: it never works (reference/cozy.md 8.2).
    leavePath: ({ sharingId }, clientId) => `/sharings/${sharingId}/recipient/${clientId}`,
    losesStates: false,
    attributesOf,
    changed: (change) => followChange(cozy, change),
  };
  return cozy;
}

function attributesOf(sharing: Sharing): JsonObject {
  const { description, sharer } = sharing;
  return {
    ...(description === "" ? {} : { description }),
    sharing_id: sharing.sharingId,
    sharing_type: sharing.type,
    app_slug: sharing.appSlug,
    owner: sharing.owner,
    ...(sharing.revoked ? { revoked: true } : {}),
    sharer: {
      url: sharer?.url ?? "",
      sharer_status: sharer === null ? null : { status: sharer.party.status },
    },
    permissions: sharing.permissions,
  };
}
