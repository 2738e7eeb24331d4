import { z } from "zod";
import type { PeerOperation, PeerReply, PeerRequest, PeerRoute } from "../../http/peer-route.ts";
import { readSharecode } from "../../domain/sharecode.ts";
import { readAnswer } from "../../protocols/cozy-v1/wire.ts";
import { jsonApiRoute } from "../json-api.ts";
import type { Generation, InstanceParts } from "../parts.ts";
import { takeClient } from "./sharer-access.ts";
import { takeAnswer } from "./sharer-answer.ts";
import { showDiscovery, takeDiscovery } from "./sharer-discovery.ts";
import { showCodeDiscovery, takeCodeAnswer, takeCodeDiscovery } from "./sharer-sharecode.ts";

/** What recipients and their Cozys ask the sharer of v1a and v1b for (reference/cozy.md 5.3, 6). */
export function sharerRoutes(parts: InstanceParts): readonly PeerRoute[] {
  return [
    jsonApiRoute({ method: "GET", path: "/sharings/answer", operation: null }, async (request) =>
      takeAnswer(parts, request),
    ),
    jsonApiRoute({ method: "POST", path: "/sharings/answer", operation: answering }, async (request) =>
      takePostedAnswer(parts, request),
    ),
    jsonApiRoute({ method: "POST", path: "/sharings/access/client", operation: clients }, async (request) =>
      takeClient(parts, request),
    ),
    jsonApiRoute({ method: "GET", path: "/sharings/discovery", operation: null }, async (request) =>
      showDiscovery(parts, request),
    ),
    jsonApiRoute({ method: "POST", path: "/sharings/discovery", operation: discovering }, async (request) =>
      takeDiscovery(parts, request),
    ),
  ];
}

/** Of the paths that several generations have. */
export function sharerShared(parts: InstanceParts): Generation["shared"] {
  return {
    "POST /sharings/:id/answer": async (request) => takeAnswer(parts, request),
    "GET /sharings/:id/discovery": async (request) => showCodeDiscovery(parts, request),
    "POST /sharings/:id/discovery": async (request) => takeCodeDiscovery(parts, request),
  };
}

/** v1b's answer has a sharecode as its state; v1a's was posted, too, in March 2017. */
async function takePostedAnswer(parts: InstanceParts, request: PeerRequest): Promise<PeerReply> {
  const { state } = readAnswer(request.query, request.body);
  const isLetters = state !== "" && readSharecode(state) === null;
  return isLetters ? takeAnswer(parts, request) : takeCodeAnswer(parts, request);
}

const tag = "between Cozys";
const security = null;

const answering: PeerOperation = {
  id: "answerByCode",
  summary: "A recipient's Cozy accepts with a sharecode and an access code",
  tag,
  security,
  query: z.object({ state: z.string(), client_id: z.string(), access_code: z.string() }),
  replies: {
    201: { description: "The sharing as the recipient keeps it" },
    302: { description: "The answer of a browser was taken" },
    400: { description: "The access code is missing" },
    403: { description: "The sharecode is unknown" },
    404: { description: "The client is unknown" },
    500: { description: "The recipient's Cozy gave no token for the code" },
  },
};

const clients: PeerOperation = {
  id: "tellClient",
  summary: "A recipient's Cozy tells which OAuth client it is here",
  tag,
  security,
  body: z.object({ state: z.string(), client_id: z.string(), host_client_id: z.string() }),
  replies: {
    200: { description: "It is kept" },
    404: { description: "The sharing or one of the clients is unknown" },
  },
};

const discovering: PeerOperation = {
  id: "discoverByForm",
  summary: "A recipient says where his Cozy is",
  tag,
  security,
  body: z.object({
    url: z.string(),
    sharing_id: z.string(),
    recipient_id: z.string(),
    recipient_email: z.string().optional(),
  }),
  replies: {
    302: { description: "His request link" },
    400: { description: "There is no Cozy at this address" },
    404: { description: "The sharing or the recipient is unknown" },
  },
};
