import { list } from "./mounted.ts";
import { notify } from "./notifications.ts";
import { type Federation, isOver, type SentShare, type TakenShare } from "./shares.ts";

/** What a user does with shares, by his server's pages or its API. Each throws where the other server does not do its part. */

/** SHARE_ACCEPTED, then the look at the owner's server that Nextcloud takes at once. */
export async function accept(federation: Federation, share: TakenShare): Promise<void> {
  await tell(federation, "SHARE_ACCEPTED", share);
  share.state = "accepted";
  await list(federation, share, "", "0");
}

export async function decline(federation: Federation, share: TakenShare): Promise<void> {
  share.state = share.state === "accepted" ? "left" : "declined";
  await tell(federation, "SHARE_DECLINED", share);
}

export async function unshare(federation: Federation, share: SentShare): Promise<void> {
  if (isOver(share)) throw new Error("The share is over already.");
  share.state = "unshared";
  await tell(federation, "SHARE_UNSHARED", share);
}

/** The other server did not take a notification. */
export class NotTold extends Error {
  override readonly name = "NotTold";
}

async function tell(
  federation: Federation,
  type: Parameters<typeof notify>[1],
  share: SentShare | TakenShare,
): Promise<void> {
  const answer = await notify(federation, type, share);
  const status = answer?.kind === "answered" ? answer.status : null;
  if (status !== 201) throw new NotTold(`${type} was answered ${status ?? "not at all"}.`);
}
