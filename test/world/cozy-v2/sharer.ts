import { notify } from "./peers.ts";
import {
  type CozyState,
  newToken,
  ownUrl,
  type SharerDocument,
  sharerDocument,
  type Target,
} from "./state.ts";
import {
  type Credentials,
  Failure,
  type Fields,
  hasEmptyField,
  hasIncorrectStructure,
  messageOf,
  textOf,
} from "./wire.ts";

/** `create`, `sendSharingRequests` (reference/cozy.md 4.4, 4.8): the document stays whatever fails after it. */
export async function createSharing(state: CozyState, body: Fields): Promise<Fields> {
  if (hasEmptyField(body, ["targets", "rules"])) throw new Failure(400, "Body is incomplete");
  if (hasIncorrectStructure(body["rules"], ["id", "docType"]))
    throw new Failure(400, "Incorrect rule detected");
  if (hasIncorrectStructure(body["targets"], ["recipientUrl"])) throw new Failure(400, "No url specified");
  const targets = (body["targets"] as readonly Target[]).map((each) => ({
    ...each,
    preToken: newToken(state),
  }));
  const { id: shareID } = state.data.save({ ...body, docType: "sharing", targets });
  const sharing = sharerDocument(state, shareID);
  for (const { id } of sharing.rules) {
    state.data.get(String(id));
    state.data.merge(String(id), { shareID });
  }
  await tellEach(state, shareID, targets, async (target) =>
    notify(state.resolve, {
      method: "POST",
      url: `${target.recipientUrl.replace(/\/$/, "")}/services/sharing/request`,
      credentials: null,
      body: requestFor(state, sharing, target),
    }),
  );
  return { success: true, shareID };
}

function requestFor(state: CozyState, sharing: SharerDocument, target: Target): Fields {
  const { desc, rules } = sharing;
  const { recipientUrl, preToken } = target;
  if (state.wording === "document") {
    const answerTo = { recipientUrl: state.domain, preToken };
    return { id: sharing.id, desc, rules, continuous: isContinuous(state, sharing), target: answerTo };
  }
  const sharerUrl = ownUrl(state);
  const sharerName = state.publicName === "" ? sharerUrl.replace("https://", "") : state.publicName;
  return { recipientUrl, preToken, shareID: sharing.id, rules, desc, sharerUrl, sharerName };
}

/** The default is false in the code, true in the document (reference/cozy.md 4.2). */
function isContinuous(state: CozyState, { continuous }: SharerDocument): boolean {
  return continuous === undefined ? state.wording === "document" : Boolean(continuous);
}

/** One after another; the first failure stops the rest, and its message is kept in that target. */
async function tellEach(
  state: CozyState,
  shareID: string,
  targets: readonly Target[],
  tell: (target: Target) => Promise<void>,
): Promise<void> {
  for (const target of targets) {
    try {
      await tell(target);
    } catch (cause) {
      saveError(state, shareID, target, cause);
      throw cause;
    }
  }
}

/** Fails itself where the document is gone. */
function saveError(state: CozyState, shareID: string, target: Target, cause: unknown): void {
  const error = messageOf(cause);
  changeTarget(state, shareID, target, (each) => ({ ...each, error }));
}

function changeTarget(
  state: CozyState,
  shareID: string,
  { recipientUrl }: Target,
  change: (target: Target) => Target,
): void {
  const { targets } = sharerDocument(state, shareID);
  const at = targets.findIndex((each) => each.recipientUrl === recipientUrl);
  state.data.merge(shareID, { targets: targets.map((each, index) => (index === at ? change(each) : each)) });
}

/** `deleteFromSharer`, `stopReplications`, `sendRevocationToTargets`: the document goes first. */
export async function deleteSharing(state: CozyState, shareID: string): Promise<void> {
  const { targets } = sharerDocument(state, shareID);
  state.data.remove(shareID);
  await revokeTargets(state, shareID, targets);
}

/** The same for one target. */
export async function deleteTarget(state: CozyState, shareID: string, recipientUrl: string): Promise<void> {
  const { targets } = sharerDocument(state, shareID);
  const target = targets.find((each) => each.recipientUrl === recipientUrl);
  if (target === undefined) throw new Failure(404, "Target not found");
  state.data.merge(shareID, { targets: targets.filter((each) => each !== target) });
  await revokeTargets(state, shareID, [target]);
}

async function revokeTargets(state: CozyState, shareID: string, targets: readonly Target[]): Promise<void> {
  for (const { repID } of targets) if (repID !== undefined) await state.replicator.cancel(repID);
  await tellEach(state, shareID, targets, async ({ recipientUrl, token, preToken }) =>
    notify(state.resolve, {
      method: "DELETE",
      url: `${recipientUrl.replace(/\/$/, "")}/services/sharing`,
      credentials: inUrl(recipientUrl, { login: shareID, password: String(token ?? preToken) }),
      body: { recipientUrl, desc: `The sharing ${shareID} has been deleted` },
    }),
  );
}

/** Credentials are written behind `://`: an address without scheme goes without (reference/cozy.md 8.2). */
export function inUrl(url: string, credentials: Credentials): Credentials | null {
  return url.includes("://") ? credentials : null;
}

/** `validateTarget` with its checks in their order (reference/cozy.md 4.6), then `replicate`. */
export async function takeAnswer(state: CozyState, answer: Fields): Promise<void> {
  if (hasEmptyField(answer, ["shareID", "recipientUrl", "accepted", "preToken"])) {
    throw new Failure(400, "Bad request: body is incomplete");
  }
  const sharing = sharerDocument(state, textOf(answer["shareID"]));
  const target = answeringTarget(state, sharing, answer);
  if (target === undefined) {
    throw new Failure(404, `${textOf(answer["recipientUrl"])} not found for this sharing`);
  }
  if (target.token !== undefined) {
    throw new Failure(403, "The answer for this sharing has already been given");
  }
  if (target.preToken === undefined || target.preToken !== answer["preToken"]) {
    throw new Failure(401, "Unauthorized");
  }
  const isAccepted = Boolean(answer["accepted"]);
  const token = textOf(answer["token"]);
  const targets = sharing.targets.flatMap((each) => {
    if (each !== target) return [each];
    return isAccepted ? [accepted(each, token)] : [];
  });
  state.data.merge(sharing.id, { targets });
  if (isAccepted && token !== "") await replicate(state, sharing, target, token);
}

function accepted(target: Target, token: string): Target {
  const kept = Object.entries({ ...target, ...(token === "" ? {} : { token }) });
  return {
    recipientUrl: target.recipientUrl,
    ...Object.fromEntries(kept.filter(([name]) => name !== "preToken")),
  };
}

/** Where the document's names are spoken, the preToken tells who answers: the request named no other address. */
function answeringTarget(state: CozyState, { targets }: SharerDocument, answer: Fields): Target | undefined {
  return targets.find((each) =>
    state.wording === "document"
      ? each.preToken === answer["preToken"]
      : each.recipientUrl === answer["recipientUrl"],
  );
}

async function replicate(
  state: CozyState,
  sharing: SharerDocument,
  target: Target,
  token: string,
): Promise<void> {
  const { recipientUrl } = target;
  const docIds = sharing.rules.map((rule) => String(rule.id));
  const job = { shareID: sharing.id, recipientUrl, token, docIds };
  try {
    if (!isContinuous(state, sharing)) return await state.replicator.replicateOnce(job);
    const repID = await state.replicator.start(job);
    if (repID === null) throw new Failure(500, "Replication error");
    changeTarget(state, sharing.id, target, (each) => ({ ...each, repID }));
  } catch (cause) {
    saveError(state, sharing.id, target, cause);
    throw cause;
  }
}
