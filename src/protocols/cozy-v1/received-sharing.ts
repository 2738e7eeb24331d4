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

const text = z.string().max(limits.messageChars).nullish();
const received = z.object({
  _id: text,
  id: text,
  sharing_type: z.enum(["one-shot", "one-way", "two-way"]),
  description: text,
  app_slug: text,
  sharer: z.object({ client: z.unknown(), access_token: z.unknown() }).nullish(),
  share_contact: z.object({ name: text, email: text }).nullish(),
});

/** Null where it is no sharing, or lacks what a two-way one needs. */
export function readReceivedSharing(body: unknown): ReceivedSharing | null {
  const { data } = received.safeParse(body);
  if (data === undefined) return null;
  const { sharer, share_contact: contact } = data;
  const isBothWays = data.sharing_type === "two-way";
  const credentials =
    isBothWays && sharer?.client && sharer.access_token
      ? { client: sharer.client, tokens: sharer.access_token }
      : null;
  if (isBothWays && credentials === null) return null;
  return {
    documentId: data._id ?? data.id ?? "",
    sharingType: data.sharing_type,
    description: data.description ?? "",
    appSlug: data.app_slug ?? "",
    credentials,
    sharerName: contact?.name ?? "",
    sharerAddress: contact?.email ?? "",
  };
}
