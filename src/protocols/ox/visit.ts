import { z } from "zod";
import { type AddressRules, addressKey, isSameAddress } from "../../domain/address.ts";
import type { Ask, Follower, NotFollowed, Share, TryLater } from "../protocol.ts";
import { type GuestDoor, type GuestSession, logInAsGuest } from "./guest-login.ts";
import { lineTo, type OxParts } from "./parts.ts";
import { admit, type Admitted } from "./restrictions.ts";
import { inSession, onceMoreIfLost, type OxSession } from "./session.ts";
import { issuedLink } from "./target-link.ts";
import { isTrouble, type Look, replyTo, type Trouble, trouble } from "./troubles.ts";

const asGiven: AddressRules = { localPart: "as-given", subaddress: null };

/** What a visit at the origin is made with, the restrictions passed already. */
export interface Visit {
  readonly parts: OxParts;
  readonly door: GuestDoor;
  readonly apiBase: string;
  readonly admitted: Admitted;
  readonly who: Follower;
  readonly ask: Ask;
}

/** A guest inside, whose address is one of the account's. */
export interface Guest {
  readonly session: OxSession;
  readonly address: string;
}

/** Who asks, for what, and whether a subscription stands. */
export interface Asker {
  readonly as: Look;
  readonly who: Follower;
  readonly ask: Ask;
}

/** Everything that can be decided before any request. */
export function prepareVisit(
  parts: OxParts,
  share: Share,
  { as, who, ask }: Asker,
): ({ readonly kind: "visit" } & Visit) | NotFollowed | TryLater {
  const admitted = admit(share, who, "usher");
  if (admitted.kind === "no") return admitted;
  const link = issuedLink(share.link);
  if (isTrouble(link)) return replyTo(link, as, new URL(share.origin).host);
  const { href, token, targetPath, apiBase } = link;
  const door = { link: href, token, targetPath, password: share.password };
  return { kind: "visit", parts, door, apiBase, admitted, who, ask };
}

/**
 * Logs in as the guest of the link, compares the guest with the account, does `work` and logs out, whatever became of
 * it; once more with a fresh login where the session was lost on the way. `keep` leaves the session to who called it.
 */
export async function visitOrigin<T extends { readonly kind: string }>(
  visit: Visit,
  work: (guest: Guest, keep: () => void) => Promise<T | Trouble>,
): Promise<T | Trouble> {
  return onceMoreIfLost(async () => {
    const login = await logInAsGuest(lineTo(visit.apiBase, visit.parts, visit.ask), visit.door);
    if (isTrouble(login)) return login;
    return inSession(login.session, async (session, keep) => {
      const guest = await guestAddress(visit, login);
      return isTrouble(guest) ? guest : work({ session, address: guest.address }, keep);
    });
  });
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
