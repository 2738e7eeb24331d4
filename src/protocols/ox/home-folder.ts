import type { NotFollowed, TryLater } from "../protocol.ts";
import { errorTrouble } from "./answers.ts";
import { type Analysis, type HomeNames, readAnalysis, readSubscribed } from "./home-answers.ts";
import type { OxSession } from "./session.ts";
import { isTrouble, type Look, replyTo, type Trouble, type TroubleName, trouble } from "./troubles.ts";

/** One folder as the home server is asked about it. */
export interface HomeFolder {
  readonly session: OxSession;
  /** Name of the home server, for people. */
  readonly host: string;
  /** Secret. */
  readonly link: string;
  /** Secret. */
  readonly password: string | null;
}

/** A folder that the home server follows. */
export interface Stands extends HomeNames {
  readonly kind: "stands";
}

export type HomeFolderReply = Stands | NotFollowed | TryLater;

type ManagementAction = "analyze" | "subscribe" | "resubscribe" | "unsubscribe";

/**
 * Has the home server follow a folder, by the state that it sees (reference/ox.md 5, 7). Repeating it is harmless.
 * Trouble only where the whole visit is in question; what concerns the folder is a reply.
 */
export async function followFolder(folder: HomeFolder): Promise<HomeFolderReply | Trouble> {
  const seen = await analyze(folder);
  if (isTrouble(seen)) return seen;
  const { state, code } = seen;
  if (state === "SUBSCRIBED") return { kind: "stands", account: seen.account, folder: seen.folder };
  if (state === "ADDABLE" || state === "UNSUBSCRIBED") return subscribe(folder, "subscribe", "first");
  if (state !== "ADDABLE_WITH_PASSWORD" && state !== "CREDENTIALS_REFRESH")
    return verdict(state, code, folder);
  if (folder.password === null) return refusal(state, "guest-password-needed", code, folder);
  return state === "CREDENTIALS_REFRESH"
    ? subscribe(folder, "resubscribe", "again")
    : subscribe(folder, "subscribe", "first");
}

/** Looks whether the home server still follows a folder; changes nothing there. */
export async function checkFolder(folder: HomeFolder): Promise<HomeFolderReply | Trouble> {
  const seen = await analyze(folder);
  if (isTrouble(seen)) return seen;
  const { state, code } = seen;
  if (state === "SUBSCRIBED") return { kind: "stands", account: seen.account, folder: seen.folder };
  if (state === "CREDENTIALS_REFRESH") return refusal(state, "guest-password-rejected", code, folder);
  if (state === "UNRESOLVABLE")
    return replyTo(trouble("home-cannot-resolve", { code }), "again", folder.host);
  if (state === "UNSUPPORTED") {
    return replyTo(trouble(reasonOf(code, "home-does-not-support"), { code }), "again", folder.host);
  }
  if (state === "ADDABLE" || state === "ADDABLE_WITH_PASSWORD" || state === "UNSUBSCRIBED") {
    return replyTo(trouble("left-at-home", { code }), "again", folder.host);
  }
  return verdict(state, code, folder);
}

/** Ends the home server's subscription; one that is not there was left already (SUSE-0004, reference/ox.md 5). */
export async function leaveFolder(folder: HomeFolder): Promise<{ readonly kind: "left" } | Trouble> {
  const answer = await manage(folder, "unsubscribe");
  if (!isTrouble(answer)) return { kind: "left" };
  const isGone = answer.code === "SUSE-0004" || answer.name === "folder-not-visible";
  return isGone ? { kind: "left" } : answer;
}

async function analyze(folder: HomeFolder): Promise<Analysis | Trouble> {
  const answer = await manage(folder, "analyze");
  return isTrouble(answer) ? answer : readAnalysis(answer);
}

async function subscribe(
  folder: HomeFolder,
  action: "subscribe" | "resubscribe",
  look: Look,
): Promise<HomeFolderReply | Trouble> {
  const answer = await manage(folder, action);
  if (isTrouble(answer)) return concernsFolder(answer) ? replyTo(answer, look, folder.host) : answer;
  const names = readSubscribed(answer);
  return isTrouble(names) ? names : { ...names, kind: "stands" };
}

/** What the server says of the share; anything else is said of the server. */
function concernsFolder(what: Trouble): boolean {
  const isFinal = replyTo(what, "first", "").kind === "no";
  return isFinal && what.name !== "request-refused" && what.name !== "request-not-accepted";
}

async function manage({ session, link, password }: HomeFolder, action: ManagementAction) {
  const withPassword = password !== null && (action === "subscribe" || action === "resubscribe");
  return session.call({
    what: `${action} at home`,
    module: "share/management",
    action,
    body: withPassword ? { link, password } : { link },
  });
}

type FinalState = Exclude<Analysis["state"], "SUBSCRIBED" | "ADDABLE" | "INACCESSIBLE">;
type Verdict = "REMOVED" | "UNRESOLVABLE" | "UNSUPPORTED" | "FORBIDDEN";

/** What each final state means where no error code says more. */
const usualReasons: Readonly<Record<Verdict, TroubleName>> = {
  REMOVED: "share-revoked",
  UNRESOLVABLE: "home-cannot-resolve",
  UNSUPPORTED: "home-does-not-support",
  FORBIDDEN: "wrong-account",
};

/** The home server's state is kept as it is: older and newer sets of states are both final (reference/ox.md 7). */
function verdict(
  state: Verdict | "INACCESSIBLE",
  code: string | null,
  folder: HomeFolder,
): NotFollowed | TryLater {
  if (state === "INACCESSIBLE") {
    return replyTo(trouble("home-cannot-reach-origin", { code }), "again", folder.host);
  }
  return refusal(state, usualReasons[state], code, folder);
}

/** A final no in the server's own state. */
function refusal(
  state: FinalState,
  usual: TroubleName,
  code: string | null,
  { host }: HomeFolder,
): NotFollowed {
  const { because, detail } = replyTo(trouble(reasonOf(code, usual), { code }), "first", host);
  return { kind: "no", state, because, detail };
}

/** A sharing code (SHR) tells the reason better than a state does. */
function reasonOf(code: string | null, usual: TroubleName): TroubleName {
  if (code?.startsWith("SHR-") !== true) return usual;
  const { name } = errorTrouble({ code, categories: [] });
  return name === "server-error" ? usual : name;
}
