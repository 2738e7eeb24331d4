import { z } from "zod";
import { limits } from "../../domain/limits.ts";

/** The sharing that the rework's sharer answers an acceptance with (reference/cozy.md 6). */
export interface ReceivedSharing {
  readonly documentId: string;
  readonly sharingType: "one-shot" | "one-way" | "two-way";
  readonly description: string;
  readonly appSlug: string;
  /** What opens the sharer's Cozy, as it came; null unless the sharing goes both ways. Holds secrets. */
  readonly credentials: { readonly client: unknown; readonly tokens: unknown } | null;
  readonly sharerName: string;
  readonly sharerAddress: string;
}

const text = z
  .string()
  .max(limits.messageChars)
  .nullish()
  .transform((value) => value ?? "");
const received = z.object({
  _id: text,
  id: text,
  sharing_type: z.enum(["one-shot", "one-way", "two-way"]),
  description: text,
  app_slug: text,
  sharer: z.object({ client: z.unknown().optional(), access_token: z.unknown().optional() }).nullish(),
  share_contact: z.object({ name: text, email: text }).nullish(),
});

/** Null where it is no sharing, or lacks what a two-way one needs. */
export function readReceivedSharing(body: unknown): ReceivedSharing | null {
  const { data } = received.safeParse(body);
  if (data === undefined) return null;
  const { _id: ownId, id, sharing_type: sharingType, description, app_slug: appSlug } = data;
  const credentials = sharingType === "two-way" ? credentialsIn(data.sharer) : null;
  if (sharingType === "two-way" && credentials === null) return null;
  return {
    documentId: ownId === "" ? id : ownId,
    sharingType,
    description,
    appSlug,
    credentials,
    sharerName: data.share_contact?.name ?? "",
    sharerAddress: data.share_contact?.email ?? "",
  };
}

function credentialsIn(sharer: z.output<typeof received>["sharer"]): ReceivedSharing["credentials"] {
  const { client = null, access_token: tokens = null } = sharer ?? {};
  return client === null || tokens === null ? null : { client, tokens };
}
