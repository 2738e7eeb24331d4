import {
  hasModule,
  homeErrors,
  mangledFolder,
  moduleOf,
  providerFor,
  stateOfKnown,
  stateOfUnknown,
  visitAs,
} from "./home-providers.ts";
import {
  accountFor,
  type Analysis,
  type HomeAccount,
  type HomeState,
  type HomeUser,
  hostOfLink,
  type ProviderName,
} from "./home-state.ts";
import { relativeFolder } from "./shares.ts";
import { readShareLink, type ShareLink } from "./token.ts";
import type { OxError } from "./wire.ts";
import type { Visit } from "./visitor.ts";

/** Body of a call to `share/management`. */
export interface ManagementBody {
  readonly link: string;
  readonly name: string | null;
  readonly password: string | null;
}

interface Placed {
  readonly account: string;
  readonly module: string;
  readonly folder: string;
}

export type Outcome<T> = { readonly value: T } | { readonly error: OxError };

/** `analyze` (reference/ox.md, sections 5 and 7): gives a state, and refuses with SHR-0025 alone. */
export async function analyze(
  state: HomeState,
  user: HomeUser,
  body: ManagementBody,
): Promise<Outcome<Analysis>> {
  const link = readShareLink(body.link);
  const provider = link === null ? null : providerFor(state, user, link);
  if (link === null || provider === null) {
    return { value: { state: "UNSUPPORTED", error: homeErrors.notUsable } };
  }
  if (!hasModule(user, provider)) return { error: homeErrors.mayNotSubscribe };
  const account = accountFor(state, user, link);
  if (account !== null) return { value: await analyzeKnown(state, user, link, account) };
  const module = moduleOf(provider);
  if (link.target?.item !== null) {
    const single = state.olderBuild ? "FORBIDDEN" : "UNSUPPORTED";
    return { value: { state: single, module, error: homeErrors.noSingleFile } };
  }
  const visit = await visitAs(state, user, provider, link, null);
  return { value: { ...stateOfUnknown(state, user, link, visit), module } };
}

async function analyzeKnown(
  state: HomeState,
  user: HomeUser,
  link: ShareLink,
  account: HomeAccount,
): Promise<Analysis> {
  const visit = await visitAs(state, user, account.provider, link, account.password);
  const folder = relativeFolder(link.target?.folder ?? "");
  const root = visit.kind === "in" ? visit.root : (account.roots.get(folder) ?? null);
  const found = stateOfKnown(visit, root !== null && account.subscribed.has(root));
  return { ...found, ...placeOf(account, folder) };
}

/** `subscribe` (reference/ox.md 5.2). The addressee is not looked at again, as in the version that was read. */
export async function subscribe(
  state: HomeState,
  user: HomeUser,
  body: ManagementBody,
): Promise<Outcome<Placed>> {
  const subscribable = readSubscribable(state, user, body);
  if ("error" in subscribable) return subscribable;
  const { link, provider } = subscribable.value;
  const known = accountFor(state, user, link);
  if (known !== null) return connect(state, user, known, link);
  const account = newAccount(state, user, provider, link, body);
  state.accounts.set(account.id, account);
  const outcome = await connect(state, user, account, link);
  if ("error" in outcome) state.accounts.delete(account.id);
  return outcome;
}

/** `resubscribe`: a new password for an account that exists (reference/ox.md 5.2). */
export async function resubscribe(
  state: HomeState,
  user: HomeUser,
  body: ManagementBody,
): Promise<Outcome<Placed>> {
  const subscribable = readSubscribable(state, user, body);
  if ("error" in subscribable) return subscribable;
  const { link } = subscribable.value;
  const account = accountFor(state, user, link);
  if (account === null) return { error: homeErrors.noSubscription };
  if (body.password === null) return { error: homeErrors.credentialsMissing };
  account.password = body.password;
  return connect(state, user, account, link);
}

/** `unsubscribe`: the last folder takes the account with it (reference/ox.md 5.2). */
export function unsubscribe(state: HomeState, user: HomeUser, body: ManagementBody): Outcome<object> {
  const link = readShareLink(body.link);
  const account = link === null ? null : accountFor(state, user, link);
  if (link === null || account === null) return { error: homeErrors.noSubscription };
  const folder = relativeFolder(link.target?.folder ?? "");
  account.subscribed.delete(account.roots.get(folder) ?? folder);
  if (account.subscribed.size === 0) state.accounts.delete(account.id);
  return { value: {} };
}

function readSubscribable(
  state: HomeState,
  user: HomeUser,
  body: ManagementBody,
): Outcome<{ readonly link: ShareLink; readonly provider: ProviderName }> {
  const link = readShareLink(body.link);
  const provider = link === null ? null : providerFor(state, user, link);
  if (link === null || provider === null) return { error: homeErrors.notUsable };
  if (!hasModule(user, provider)) return { error: homeErrors.mayNotSubscribe };
  if (link.target?.item !== null) return { error: homeErrors.noSingleFile };
  return { value: { link, provider } };
}

function newAccount(
  state: HomeState,
  user: HomeUser,
  provider: ProviderName,
  link: ShareLink,
  { name, password }: ManagementBody,
): HomeAccount {
  state.counts.nextAccount += 1;
  const id = String(state.counts.nextAccount);
  const displayName = name ?? hostOfLink(link);
  const base = { id, user: user.name, provider, link, password, displayName };
  return { ...base, subscribed: new Set(), roots: new Map() };
}

/** Connects with what the account holds, sets the flag on the root folder and resolves the path as a test. */
async function connect(
  state: HomeState,
  user: HomeUser,
  account: HomeAccount,
  link: ShareLink,
): Promise<Outcome<Placed>> {
  const visit = await visitAs(state, user, account.provider, link, account.password);
  if (visit.kind !== "in") return { error: errorOf(visit) };
  const folder = relativeFolder(link.target?.folder ?? "");
  const root = visit.root ?? folder;
  account.subscribed.add(root);
  account.roots.set(folder, root);
  return { value: placeOf(account, folder) };
}

function errorOf(visit: Exclude<Visit, { kind: "in" }>): OxError {
  return visit.kind === "anonymous" ? homeErrors.anonymous : visit.error;
}

function placeOf(account: HomeAccount, folder: string): Placed {
  return {
    account: account.id,
    module: moduleOf(account.provider),
    folder: mangledFolder(account.provider, account.id, folder),
  };
}
