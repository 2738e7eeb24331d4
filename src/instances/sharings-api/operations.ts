import { z } from "zod";
import type { PeerOperation } from "../../http/peer-route.ts";

const tag = "sharings";
const sharing = z.looseObject({
  data: z.looseObject({
    type: z.literal("io.cozy.sharings"),
    id: z.string(),
    attributes: z.looseObject({}),
    meta: z.object({ rev: z.string() }),
    relationships: z.object({
      recipients: z.object({
        data: z.array(z.object({ id: z.string(), type: z.literal("io.cozy.contacts"), status: z.string() })),
      }),
    }),
  }),
  included: z.array(z.looseObject({ type: z.literal("io.cozy.contacts"), id: z.string() })),
});

const permissions = z.record(
  z.string(),
  z.object({
    description: z.string().optional(),
    type: z.string(),
    verbs: z.array(z.enum(["ALL", "GET", "POST", "PUT", "PATCH", "DELETE"])).optional(),
    values: z.array(z.string()),
    selector: z.literal("referenced_by").optional(),
  }),
);

const earlier = z.looseObject({
  sharing_type: z.enum(["one-shot", "master-slave", "master-master", "one-way", "two-way"]),
  description: z.string().optional(),
  app_slug: z.string().optional(),
  preview_path: z.string().optional(),
  permissions,
  recipients: z.array(z.unknown()).optional(),
});

const current = z.object({
  data: z.looseObject({
    attributes: z.looseObject({ rules: z.array(z.looseObject({ doctype: z.string() })) }),
    relationships: z.looseObject({}).optional(),
  }),
});

const refused = {
  401: { description: "The token is missing or wrong" },
  403: { description: "The token's permissions do not hold it" },
  429: { description: "Too many wrong tokens came from this address" },
} as const;
const unknown = { 404: { description: "There is no such sharing" } } as const;

function operation(
  id: string,
  summary: string,
  rest: Pick<PeerOperation, "replies"> & Partial<PeerOperation>,
): PeerOperation {
  return { id, summary, tag, security: "bearer", ...rest, replies: { ...rest.replies, ...refused } };
}

export const creating = operation("createSharing", "Share, and ask the recipients", {
  body: z.union([earlier, current]),
  replies: {
    200: { description: "Shared: the sharing, of the first protocol", body: sharing },
    201: { description: "Shared: the sharing, of the later ones", body: sharing },
    400: { description: "The body is none" },
    404: { description: "A recipient is no contact" },
    422: { description: "A field is missing or wrong; `source.pointer` names it" },
  },
});

export const reading = operation("readSharing", "A sharing and what became of its recipients", {
  replies: { 200: { description: "The sharing", body: sharing }, ...unknown },
});

export const sending = (id: string): PeerOperation =>
  operation(id, "Ask the recipients that were not asked yet", {
    replies: { 200: { description: "They are asked" }, ...unknown },
  });

export const addingOne = operation("addRecipient", "One more recipient, who is asked with sendMails", {
  body: z.object({ id: z.string(), type: z.literal("io.cozy.contacts").optional() }),
  replies: { 200: { description: "The sharing", body: sharing }, ...unknown },
});

export const adding = operation("addRecipients", "More recipients, who are asked at once", {
  query: z.object({ ContactID: z.string().optional() }),
  body: z.looseObject({ data: z.looseObject({}).optional() }),
  replies: { 200: { description: "The sharing", body: sharing }, ...unknown },
});

export const ending = operation(
  "removeSharing",
  "Take a sharing back, leave it, or tell a recipient that it ended",
  { replies: { 204: { description: "It ended, and the others are told" }, ...unknown } },
);

export const endingForOne = (id: string, summary: string): PeerOperation =>
  operation(id, summary, { replies: { 204: { description: "It ended for him" }, ...unknown } });

export const choosingDirectory = operation("chooseDestination", "Where received files of an application go", {
  query: z.object({ App_slug: z.string(), Doctype: z.string(), Dir_id: z.string() }),
  replies: { 204: { description: "There" }, 400: { description: "A parameter is missing or names nothing" } },
});

export const choosingDirectoryOfType = operation(
  "chooseDestinationOfType",
  "Where received files of the token's application go",
  {
    query: z.object({ Dir_id: z.string() }),
    replies: {
      204: { description: "There" },
      400: { description: "A parameter is missing or names nothing" },
    },
  },
);

export const listing = (id: string, summary: string): PeerOperation =>
  operation(id, summary, {
    replies: { 200: { description: "Rules, each with its sharing in `source_id`" } },
  });
