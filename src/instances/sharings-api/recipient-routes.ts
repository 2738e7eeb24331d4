import type { AskedRecipient, AskedSharing } from "../../domain/cozy-request.ts";
import { isObject } from "../../domain/json.ts";
import type { PeerReply, PeerRequest, PeerRoute } from "../../http/peer-route.ts";
import { readRecipientsRequest } from "../../protocols/cozy/create-request.ts";
import { type CozyMemberRow, cozyMembersOf } from "../../store/cozy-sharings.ts";
import type { Db } from "../../store/store.ts";
import { noteUse, requireAccess } from "../documents/access.ts";
import { documentReply, JsonApiError, jsonApiRoute } from "../json-api.ts";
import { type ApiParts } from "./actions.ts";
import { addRecipients } from "./add-recipients.ts";
import { endedByMember, leaveSharing, revokeAll, revokeOne } from "./end.ts";
import { revokeGroup } from "./groups.ts";
import { findSharing, requireOwner, requireOwnSharing } from "./found.ts";
import { adding, addingOne, endingForOne } from "./operations.ts";
import { showSharing } from "./show.ts";

/** Recipients of sharings: added, revoked, gone. */
export function recipientRoutes(parts: ApiParts): readonly PeerRoute[] {
  return [...addingRoutes(parts), ...endingRoutes(parts)];
}

function addingRoutes(parts: ApiParts): readonly PeerRoute[] {
  return [
    jsonApiRoute({ method: "PUT", path: "/sharings/:id/recipient", operation: addingOne }, async (request) =>
      add(parts, request, { invited: () => ({ recipients: [contactIn(request.body)] }), isAsked: false }),
    ),
    jsonApiRoute({ method: "POST", path: "/sharings/:id/recipients", operation: adding }, async (request) =>
      add(parts, request, { invited: () => recipientsIn(request), isAsked: true }),
    ),
  ];
}

function endingRoutes(parts: ApiParts): readonly PeerRoute[] {
  const routes = [
    {
      path: "/sharings/:id/recipient/:contact",
      operation: endingForOne("revokeContact", "Take a sharing back from one recipient, or leave it as one"),
      answer: byContact,
    },
    {
      path: "/sharings/:id/recipients",
      operation: endingForOne("revokeRecipients", "Take a sharing back from all"),
      answer: byOwner,
    },
    {
      path: "/sharings/:id/recipients/self",
      operation: endingForOne("removeSelf", "Leave a sharing"),
      answer: bySelf,
    },
    {
      path: "/sharings/:id/recipients/:index",
      operation: endingForOne("revokeRecipient", "Take a sharing back from one recipient"),
      answer: byIndex,
    },
    {
      path: "/sharings/:id/groups/:index",
      operation: endingForOne("revokeGroup", "Take a sharing back from a group"),
      answer: byGroup,
    },
    {
      path: "/sharings/:id/answer",
      operation: endingForOne("recipientLeft", "A recipient's Cozy says that he left"),
      answer: byMember,
    },
    {
      path: "/sharings/:id/:client",
      operation: endingForOne("clientLeft", "A recipient's Cozy says that he left"),
      answer: byMember,
    },
  ] as const;
  return routes.map(({ path, operation, answer }) =>
    jsonApiRoute({ method: "DELETE", path, operation }, async (request) => {
      await parts.store.transaction(async (db) => answer(db, request, parts));
      return { status: 204 };
    }),
  );
}

type AskedInvited = Pick<AskedSharing, "recipients" | "groups">;

async function add(
  parts: ApiParts,
  request: PeerRequest,
  { invited, isAsked }: { readonly invited: () => AskedInvited; readonly isAsked: boolean },
): Promise<PeerReply> {
  return parts.store.transaction(async (db) => {
    const { sharing } = await requireOwnSharing(db, request);
    requireOwner(sharing);
    await noteUse(db, request, Date.now());
    const { instance } = request;
    const added = { instance, sharing, ...invited(), isAsked };
    const after = await addRecipients(db, added, parts);
    return documentReply(200, await showSharing(db, after, { instance, sealer: parts.sealer }));
  });
}

/** `{ id, type }` of a contact. */
function contactIn(body: unknown): AskedRecipient {
  const id = isObject(body) ? body["id"] : null;
  if (typeof id !== "string" || id === "") {
    throw new JsonApiError(422, { detail: "names the contact to invite", field: "id" });
  }
  return { field: "id", contactId: id, address: null, url: null, isReadOnly: false };
}

function recipientsIn({ query, body }: PeerRequest): AskedInvited {
  const contactId = query.get("ContactID");
  if (contactId !== null) {
    return {
      recipients: [{ field: "ContactID", contactId, address: null, url: null, isReadOnly: false }],
    };
  }
  const read = readRecipientsRequest(body);
  if (read.kind === "recipients") return { recipients: read.recipients, groups: read.groups };
  throw new JsonApiError(read.status, read.problems);
}

/** The contact, from an application; the OAuth client, from a recipient's Cozy that uses this path (reference/cozy.md 8.2). */
async function byContact(db: Db, request: PeerRequest, parts: ApiParts): Promise<void> {
  const wanted = request.params["contact"] ?? "";
  const access = await requireAccess(db, request, Date.now());
  if (access.kind === "cozy") {
    const sharing = await findSharing(db, request);
    return endedByMember(db, { access, sharing, clientId: wanted }, parts);
  }
  await revoke(db, request, ({ contact_id: id, id: own }) => id === wanted || own === wanted, parts);
}

/** By his place among the members, as the sharing shows them: the owner has 0. */
async function byIndex(db: Db, request: PeerRequest, parts: ApiParts): Promise<void> {
  await revoke(db, request, ({ place }) => String(place) === request.params["index"], parts);
}

/** By the group's place among those of the sharing. */
async function byGroup(db: Db, request: PeerRequest, parts: ApiParts): Promise<void> {
  const { access, sharing } = await requireOwnSharing(db, request);
  requireOwner(sharing);
  await noteUse(db, request, Date.now());
  await revokeGroup(db, { sharing, index: Number(request.params["index"]), by: access.by }, parts);
}

async function revoke(
  db: Db,
  request: PeerRequest,
  isMeant: (member: CozyMemberRow) => boolean,
  parts: ApiParts,
): Promise<void> {
  const { access, sharing } = await requireOwnSharing(db, request);
  requireOwner(sharing);
  const member = (await cozyMembersOf(db, sharing.id)).find(isMeant);
  if (member === undefined) {
    throw new JsonApiError(404, { detail: "The sharing has no such recipient." });
  }
  await noteUse(db, request, Date.now());
  await revokeOne(db, { sharing, member, by: access.by }, parts);
}

async function byOwner(db: Db, request: PeerRequest, parts: ApiParts): Promise<void> {
  const { access, sharing } = await requireOwnSharing(db, request);
  await noteUse(db, request, Date.now());
  await revokeAll(db, { sharing, by: access.by }, parts);
}

async function bySelf(db: Db, request: PeerRequest, parts: ApiParts): Promise<void> {
  const { access, sharing } = await requireOwnSharing(db, request);
  await noteUse(db, request, Date.now());
  await leaveSharing(db, { sharing, by: access.by }, parts);
}

async function byMember(db: Db, request: PeerRequest, parts: ApiParts): Promise<void> {
  const access = await requireAccess(db, request, Date.now());
  const sharing = await findSharing(db, request);
  await endedByMember(
    db,
    { access, sharing, clientId: request.params["client"] ?? access.clientId ?? "" },
    parts,
  );
}
