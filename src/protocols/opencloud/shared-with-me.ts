import { z } from "zod";
import { limits } from "../../domain/limits.ts";
import type { OutboundClient } from "../../http/outbound.ts";
import { askHome, notUnderstood } from "../home-request.ts";
import type { Ask, FollowerHome, TryLater } from "../protocol.ts";

/** The account's OpenCloud or oCIS, and what it is asked with. */
export interface GraphHome {
  readonly http: OutboundClient;
  readonly home: FollowerHome;
  readonly ask: Ask;
}

const item = z.object({
  name: z.string(),
  "@client.synchronize": z.boolean().optional(),
  remoteItem: z.object({ id: z.string().min(1).max(limits.urlChars) }),
});
const shared = z.object({ value: z.array(z.unknown()) });

export type SharedItem = z.infer<typeof item>;

/** What others share with the account; an item of another server is listed only while that server shows it (reference/ocm.md 5.3). */
export async function listSharedWithMe({
  http,
  home,
  ask,
}: GraphHome): Promise<{ readonly kind: "listed"; readonly items: readonly SharedItem[] } | TryLater> {
  const path = "/graph/v1beta1/me/drive/sharedWithMe";
  const answer = await askHome(http, home, { what: "list shares at home", method: "GET", path }, ask);
  if (answer.kind === "try-later") return answer;
  const body = shared.safeParse(answer.body);
  if (answer.status !== 200 || !body.success) return notUnderstood(home);
  const items = body.data.value.slice(0, limits.remoteShares).flatMap((each) => {
    const read = item.safeParse(each);
    return read.success ? [read.data] : [];
  });
  return { kind: "listed", items };
}
