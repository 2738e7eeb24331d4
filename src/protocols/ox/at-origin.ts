import { z } from "zod";
import { type AddressRules, addressKey, isSameAddress } from "../../domain/address.ts";
import type { Ask, Followed, FollowedFolder, Follower, FollowReply, FollowWay, Share } from "../protocol.ts";
import { type ProbedFolder, readFolder } from "./folders.ts";
import { type GuestDoor, type GuestSession, logInAsGuest } from "./guest-login.ts";
import { lineTo, type OxParts } from "./parts.ts";
import { admit, type Admitted, type FolderTarget } from "./restrictions.ts";
import type { OxSession } from "./session.ts";
import { issuedLink } from "./target-link.ts";
import { isTrouble, type Look, replyTo, type Trouble, trouble } from "./troubles.ts";

const asGiven: AddressRules = { localPart: "as-given", subaddress: null };

/** One visit at the origin: everything it needs, with the restrictions passed already. */
interface Visit {
  readonly parts: OxParts;
  readonly door: GuestDoor;
  readonly apiBase: string;
  readonly folders: readonly FolderTarget[];
  readonly who: Follower;
  readonly ask: Ask;
}

type Seen = {
  readonly kind: "seen";
  readonly guest: string;
  readonly folders: readonly FollowedFolder[];
  readonly gone: readonly FolderTarget[];
};

/**
 * Follows OX shares by Usher itself, as the guest of the link (reference/ox.md 4): log in, compare the guest with the
 * account, probe and list the folders, log out. The origin keeps no subscription, so leaving asks nothing of it.
 */
export function createOxAtOrigin(parts: OxParts): FollowWay {
  return {
    follow: async (share, who, ask) => look(parts, share, { as: "first", who, ask }),
    check: async (share, who, ask) => look(parts, share, { as: "again", who, ask }),
    leave: async () => ({ kind: "left" }),
  };
}

async function look(
  parts: OxParts,
  share: Share,
  { as, who, ask }: { readonly as: Look; readonly who: Follower; readonly ask: Ask },
): Promise<FollowReply> {
  const admitted = admit(share, who, "usher");
  if (admitted.kind === "no") return admitted;
  const link = issuedLink(share.link);
  if (isTrouble(link)) return replyTo(link, as, new URL(share.origin).host);
  const { href, token, targetPath } = link;
  const door = { link: href, token, targetPath, password: share.password };
  const visit = { parts, door, apiBase: link.apiBase, folders: admitted.folders, who, ask };
  const seen = await visitAndRepeatOnce(visit);
  if (isTrouble(seen)) return replyTo(seen, as, new URL(link.apiBase).host);
  return followed(seen, admitted);
}

function followed(seen: Seen, admitted: Admitted): Followed {
  const left = admitted.left.map(({ target, because }) => ({ target, because }));
  const gone = seen.gone.map((target) => ({ target, because: "folder-not-visible" }));
  return {
    kind: "followed",
    state: "SUBSCRIBED",
    guest: seen.guest,
    folders: seen.folders,
    notFollowed: [...left, ...gone],
    homeAccount: null,
    homeFolder: null,
  };
}

/** A session may be lost on the way: then one fresh login (reference/ox.md 4.3). */
async function visitAndRepeatOnce(visit: Visit): Promise<Seen | Trouble> {
  const first = await visitOnce(visit);
  return isTrouble(first) && first.name === "session-lost" ? visitOnce(visit) : first;
}

async function visitOnce(visit: Visit): Promise<Seen | Trouble> {
  const { parts, ask, apiBase } = visit;
  const line = lineTo(apiBase, parts, ask);
  const login = await logInAsGuest(line, visit.door);
  if (isTrouble(login)) return login;
  let isLost = false;
  try {
    const seen = await lookRound(visit, login);
    isLost = isTrouble(seen) && seen.name === "session-lost";
    return seen;
  } finally {
    if (!isLost) await login.session.close();
  }
}

async function lookRound(visit: Visit, login: GuestSession): Promise<Seen | Trouble> {
  const guest = await guestAddress(visit, login);
  if (isTrouble(guest)) return guest;
  const folders: FollowedFolder[] = [];
  const gone: FolderTarget[] = [];
  let lastGone: Trouble | null = null;
  for (const target of visit.folders) {
    const probed: ProbedFolder | Trouble = await readFolder(login.session, target);
    if (!isTrouble(probed)) folders.push(probed.folder);
    else if (probed.name !== "folder-not-visible") return probed;
    else {
      gone.push(target);
      lastGone = probed;
    }
  }
  if (folders.length === 0) return lastGone ?? trouble("folder-not-visible");
  return { kind: "seen", guest: guest.address, folders, gone };
}

type GuestAddress = { readonly kind: "address"; readonly address: string };

/** The guest's address, which must be one of the account's (reference/ox.md 9); asked for where the login did not tell. */
async function guestAddress(visit: Visit, login: GuestSession): Promise<GuestAddress | Trouble> {
  const told = login.mail;
  if (told === "") return trouble("anonymous-guest");
  const mail = told !== null && addressKey(told) !== null ? told : await ownMail(login.session);
  if (typeof mail !== "string") return mail;
  if (mail === "") return trouble("anonymous-guest");
  const rules = visit.parts.addressRules?.() ?? asGiven;
  const isOwn = visit.who.addresses.some((address) => isSameAddress(address, mail, rules));
  return isOwn ? { kind: "address", address: mail } : trouble("wrong-account");
}

const ownUser = z.object({ data: z.object({ email1: z.string().nullish() }) });

async function ownMail(session: OxSession): Promise<string | Trouble> {
  const answer = await session.call({ what: "ask who the guest is", module: "user", action: "get" });
  if (isTrouble(answer)) return answer;
  const user = ownUser.safeParse(answer.fields);
  return user.success ? (user.data.data.email1 ?? "") : trouble("answer-not-understood");
}
