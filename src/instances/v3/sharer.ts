import { z } from "zod";
import type { PeerOperation, PeerReply, PeerRequest, PeerRoute } from "../../http/peer-route.ts";
import type { JobOutcome } from "../../jobs/queue.ts";
import { cannotTell } from "../cannot-tell.ts";
import { createDailyCounts } from "../daily-counts.ts";
import { jsonApiRoute } from "../json-api.ts";
import type { OwnerActions } from "../owner-actions.ts";
import type { Generation, InstanceParts, MemberStep } from "../parts.ts";
import { takeAnswer } from "./owner-answer.ts";
import { showDiscovery, takeDiscovery } from "./owner-discovery.ts";
import { inviteMembers, newMember, renewMember, requestStep } from "./owner-invite.ts";
import { membersStep, takeDelegated } from "./owner-members.ts";
import { permissionsSelf, previewUrl } from "./owner-preview.ts";
import { documentStep, initialStep } from "./owner-push.ts";
import { memberLeft, revokeAll, revokeMember, revokeStep } from "./owner-revoke.ts";
import { rightsStep, setReadOnly } from "./owner-rights.ts";
import { requireMember } from "./owner-peer.ts";
import { planMembersLists } from "./owner-rows.ts";

/** What the owner of a sharing does; the rest of OwnerActions is for who was invited. */
export function sharerActions(parts: InstanceParts): Omit<OwnerActions, "leave" | "endedBySharer"> {
  return {
    newShareId: (documentId) => documentId,
    newMember,
    invite: async (db, sharing) => inviteMembers(db, sharing, parts),
    renewMember: async (db, sharing, member, renewed) => renewMember(db, { sharing, member }, renewed, parts),
    tellMembers: async (db, sharing) => planMembersLists(db, sharing, parts),
    revokeMember: async (db, sharing, member) => revokeMember(db, { sharing, member }, parts),
    revokeAll: async (db, sharing) => revokeAll(db, sharing, parts),
    memberLeft: async (db, sharing, member) => memberLeft(db, { sharing, member }, parts),
  };
}

/** A step of a sharing at another Cozy of it. Who was invited has one too: a document that he changed goes to the owner. */
export async function sharerStep(
  step: MemberStep,
  parts: InstanceParts,
  signal: AbortSignal,
): Promise<JobOutcome> {
  switch (step.step) {
    case "request":
      return requestStep(step, parts, signal);
    case "initial":
      return initialStep(step, parts, signal);
    case "document":
      return documentStep(step, parts, signal);
    case "members":
      return membersStep(step, parts, signal);
    case "rights":
      return rightsStep(step, parts, signal);
    case "revoke":
      return revokeStep(step, parts, signal);
    default:
      return cannotTell(step);
  }
}

/** Of the paths that several generations have. */
export function sharerShared(parts: InstanceParts): Generation["shared"] {
  const discoveries = createDailyCounts();
  return {
    "GET /sharings/:id/discovery": async (request) => showDiscovery(parts, request),
    "POST /sharings/:id/discovery": async (request) => takeDiscovery(parts, request, discoveries),
    "POST /sharings/:id/answer": async (request) => takeAnswer(parts, request),
  };
}

type Answering = (parts: InstanceParts, request: PeerRequest) => Promise<PeerReply>;

/** What recipients, their Cozys and the account's applications ask the owner of a sharing for (reference/cozy.md, section 7). */
export function sharerRoutes(parts: InstanceParts): readonly PeerRoute[] {
  const route = (
    method: PeerRoute["method"],
    path: string,
    operation: PeerOperation,
    answer: Answering,
  ): PeerRoute => jsonApiRoute({ method, path, operation }, async (request) => answer(parts, request));
  const at = "/sharings/:id";
  return [
    route("POST", `${at}/preview-url`, previewing, previewUrl),
    route("GET", "/permissions/self", permitting, permissionsSelf),
    route("POST", `${at}/recipients/delegated`, delegating, delegate),
    route("POST", `${at}/recipients/:index/readonly`, rights("letRead"), setReadOnly(true)),
    route("DELETE", `${at}/recipients/:index/readonly`, rights("letWrite"), setReadOnly(false)),
  ];
}

async function delegate(parts: InstanceParts, request: PeerRequest): Promise<PeerReply> {
  return parts.store.transaction(async (db) =>
    takeDelegated(db, await requireMember(db, request, "ALL"), request, parts),
  );
}

const tag = "between Cozys";

const previewing: PeerOperation = {
  id: "linkWithCode",
  summary: "The link with the code of who has a state",
  tag,
  security: null,
  body: z.object({ state: z.string() }),
  replies: {
    200: { description: "The link" },
    404: { description: "The member was not found" },
    409: { description: "The member has accepted already" },
  },
};

const permitting: PeerOperation = {
  id: "showPermissions",
  summary: "Which sharing a sharecode is of",
  tag,
  security: "bearer",
  replies: { 200: { description: "The sharing" }, 400: { description: "The code is unknown" } },
};

const delegating: PeerOperation = {
  id: "inviteThroughMember",
  summary: "A member of an open sharing invites others",
  tag,
  security: "bearer",
  body: z.looseObject({ data: z.looseObject({}) }),
  replies: {
    200: { description: "The states, by address or Cozy" },
    400: { description: "Nobody is named, or too many" },
    403: { description: "The sharing is not open" },
    409: { description: "One of them has accepted already" },
    422: { description: "One of them has neither address nor Cozy" },
  },
};

function rights(id: string): PeerOperation {
  const summary = id === "letRead" ? "Let a member read only" : "Let a member write";
  return {
    id,
    summary,
    tag: "sharings",
    security: "bearer",
    replies: {
      204: { description: "Done" },
      404: { description: "The member was not found" },
      422: { description: "The first member is the owner" },
    },
  };
}
