import {
  type Analysis,
  type HomeState,
  type HomeUser,
  isAddressOf,
  type ProviderName,
} from "./home-state.ts";
import type { Guest } from "./shares.ts";
import { relativeFolder } from "./shares.ts";
import type { ShareLink } from "./token.ts";
import { oxError, oxErrors, type OxError } from "./wire.ts";
import type { Visit } from "./visitor.ts";

const infostore = 8;
const calendar = 2;

export const homeErrors = {
  credentialsMissing: oxError("SUSE-0003", "The credentials are missing."),
  noSubscription: oxError("SUSE-0004", "There is no subscription for the link."),
  notUsable: oxError("SUSE-0005", "The share link cannot be used."),
  folderUnsubscribed: oxError("SUSE-0007", "The folder is unsubscribed."),
  mayNotSubscribe: oxError("SHR-0025", "You may not subscribe to this share."),
  noSingleFile: oxError("SHR-0026", "A single file cannot be subscribed."),
  anonymous: oxError("SHR-0028", "Anonymous shares cannot be subscribed."),
} as const;

function notForYou(user: HomeUser): OxError {
  return oxError("SHR-0027", "The share is for somebody else.", [user.mail]);
}

/** The provider of the highest ranking that supports a link (reference/ox.md 5.1); null where none does. */
export function providerFor(state: HomeState, user: HomeUser, link: ShareLink): ProviderName | null {
  const { target } = link;
  if (target === null) return null;
  const isHere = (state.installation?.resolveGuest(link.token) ?? null) !== null;
  const may = (capability: string) => user.capabilities.has(capability);
  if (target.module === infostore) {
    if (isHere && may("filestorage_xctx")) return "xctx";
    return may("filestorage_xox") ? "xox" : null;
  }
  const isCalendar = target.module === calendar && target.item === null;
  return isCalendar && isHere && may("calendar_xctx2") ? "calendar" : null;
}

export function moduleOf(provider: ProviderName): string {
  return provider === "calendar" ? "calendar" : "infostore";
}

/** Without it SHR-0025 is thrown rather than a state given (reference/ox.md, section 7). */
export function hasModule(user: HomeUser, provider: ProviderName): boolean {
  return user.capabilities.has(moduleOf(provider));
}

/** Names of account and folder mangled together, as in the example of reference/ox.md, section 5. */
export function mangledFolder(provider: ProviderName, account: string, folder: string): string {
  return provider === "calendar" ? `cal://${account}/${folder}` : `${provider}://${account}/${folder}`;
}

/** Opens a share, at the other server or inside the installation, and looks at its folder. */
export async function visitAs(
  state: HomeState,
  user: HomeUser,
  provider: ProviderName,
  link: ShareLink,
  password: string | null,
): Promise<Visit> {
  if (provider === "xox") return state.visit(link, password);
  const guest = state.installation?.resolveGuest(link.token) ?? null;
  if (guest === null) return { kind: "gone", error: homeErrors.notUsable };
  if (guest.mail === null) return { kind: "anonymous" };
  // Inside an installation the addressee is looked at before the password (reference/ox.md, section 6).
  const inside: Visit = { kind: "in", mail: guest.mail, folder: null, root: null };
  if (!isAddressOf(user, guest.mail)) return inside;
  if (guest.password !== null && guest.password !== password) {
    return { kind: "wrong-password", error: oxErrors.invalidGuestPassword };
  }
  return seen(state, guest, link);
}

function seen(state: HomeState, guest: Guest, link: ShareLink): Visit {
  const folder = relativeFolder(link.target?.folder ?? "");
  if (state.installation?.sees(guest.token, folder) !== true) {
    return { kind: "gone", error: oxErrors.folderNotVisible };
  }
  return { kind: "in", mail: guest.mail ?? "", folder, root: folder };
}

/** The state of a link that the user has no account for (reference/ox.md, section 7). */
export function stateOfUnknown(state: HomeState, user: HomeUser, link: ShareLink, visit: Visit): Analysis {
  const { olderBuild } = state;
  if (visit.kind === "in") return stateInside(state, user, link, visit);
  if (visit.kind === "wrong-password") return { state: "ADDABLE_WITH_PASSWORD" };
  if (visit.kind === "anonymous") {
    return { state: olderBuild ? "FORBIDDEN" : "UNSUPPORTED", error: homeErrors.anonymous };
  }
  const isRemoved = visit.kind === "gone" && olderBuild;
  return { state: isRemoved ? "REMOVED" : "UNRESOLVABLE", error: homeErrors.notUsable };
}

function stateInside(
  { olderBuild }: HomeState,
  user: HomeUser,
  link: ShareLink,
  visit: Extract<Visit, { kind: "in" }>,
): Analysis {
  if (!isAddressOf(user, visit.mail)) return { state: "FORBIDDEN", error: notForYou(user) };
  const isFound = olderBuild || visit.folder === relativeFolder(link.target?.folder ?? "");
  return isFound ? { state: "ADDABLE" } : { state: "UNRESOLVABLE", error: homeErrors.notUsable };
}

/** The state of a link whose account exists. */
export function stateOfKnown(visit: Visit, isSubscribed: boolean): Pick<Analysis, "state" | "error"> {
  if (visit.kind === "in") {
    const unsubscribed = { state: "UNSUBSCRIBED", error: homeErrors.folderUnsubscribed };
    return isSubscribed ? { state: "SUBSCRIBED" } : unsubscribed;
  }
  if (visit.kind === "anonymous") return { state: "INACCESSIBLE", error: homeErrors.anonymous };
  const states = { "wrong-password": "CREDENTIALS_REFRESH", gone: "REMOVED", failed: "INACCESSIBLE" };
  return { state: states[visit.kind], error: visit.error };
}
