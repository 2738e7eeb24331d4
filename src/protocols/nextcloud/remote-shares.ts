import { z } from "zod";
import { limits } from "../../domain/limits.ts";
import type { OutboundClient } from "../../http/outbound.ts";
import { askHome, type HomeRequest, notUnderstood } from "../home-request.ts";
import type { Ask, FollowerHome, TryLater } from "../protocol.ts";
import type { RemoteShare } from "./match.ts";

/** The account's Nextcloud or ownCloud, and what it is asked with. */
export interface OcsHome {
  readonly http: OutboundClient;
  readonly home: FollowerHome;
  readonly ask: Ask;
}

const base = "/ocs/v2.php/apps/files_sharing/api/v1/remote_shares";

/** `id` is a number on Nextcloud 32 and a text on ownCloud 10 (reference/ocm.md 5.3). The share token is not read: a secret. */
const entry = z.object({
  id: z.union([z.string().max(100), z.number().int()]),
  remote: z.string().max(limits.urlChars),
  name: z.string(),
  owner: z.string(),
  mountpoint: z.string().nullish(),
});
const listed = z.object({ ocs: z.object({ data: z.array(z.unknown()) }) });

/** `pending`: waits for the user's answer; `accepted`: lies among his files. */
export type RemoteList = "pending" | "accepted";

/** The federated shares of one list at home. What has another form than Nextcloud's and ownCloud's is left out. */
export async function listRemoteShares(
  { http, home, ask }: OcsHome,
  list: RemoteList,
): Promise<{ readonly kind: "listed"; readonly shares: readonly RemoteShare[] } | TryLater> {
  const path = list === "pending" ? `${base}/pending` : base;
  const answer = await askHome(http, home, ocs({ what: `list ${list} shares`, method: "GET", path }), ask);
  if (answer.kind === "try-later") return answer;
  const body = listed.safeParse(answer.body);
  if (answer.status !== 200 || !body.success) return notUnderstood(home);
  const shares = body.data.ocs.data.slice(0, limits.remoteShares).flatMap((each) => {
    const read = entry.safeParse(each);
    return read.success ? [shareOf(read.data)] : [];
  });
  return { kind: "listed", shares };
}

function shareOf({ id, remote, name, owner, mountpoint }: z.infer<typeof entry>): RemoteShare {
  return {
    id: String(id),
    host: URL.parse(remote)?.host ?? null,
    name: name.replace(/^\/+/, ""),
    owner,
    mountpoint: mountpoint ?? null,
  };
}

/** What is done with a share at home: the home server tells its owner's. */
export type RemoteDeed = "accept" | "decline" | "leave";

/** Does it; `gone` where the home server knows no such share any more. */
export async function doRemote(
  { http, home, ask }: OcsHome,
  deed: RemoteDeed,
  id: string,
): Promise<{ readonly kind: "done" | "gone" } | TryLater> {
  const path = `${deed === "leave" ? base : `${base}/pending`}/${encodeURIComponent(id)}`;
  const method = deed === "accept" ? "POST" : "DELETE";
  const answer = await askHome(http, home, ocs({ what: `${deed} at home`, method, path }), ask);
  if (answer.kind === "try-later") return answer;
  if (answer.status === 404) return { kind: "gone" };
  return answer.status >= 200 && answer.status < 300 ? { kind: "done" } : notUnderstood(home);
}

function ocs(request: HomeRequest): HomeRequest {
  return { ...request, headers: { "ocs-apirequest": "true" } };
}
