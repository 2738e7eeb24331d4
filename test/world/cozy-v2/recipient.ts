import { notify } from "./peers.ts";
import { inUrl } from "./sharer.ts";
import {
  accesses,
  byShareID,
  type CozyState,
  newToken,
  type RecipientDocument,
  recipientDocument,
} from "./state.ts";
import { Failure, type Fields, hasEmptyField, hasIncorrectStructure, textOf } from "./wire.ts";

const mandatory = ["shareID", "sharerUrl", "recipientUrl", "rules", "desc", "preToken"];

/** A request of a sharer (reference/cozy.md 4.5): kept as it came, also where it came twice. */
export function takeRequest(state: CozyState, request: Fields): void {
  if (hasEmptyField(request, mandatory) || hasIncorrectStructure(request["rules"], ["id", "docType"])) {
    throw new Failure(400, "Bad request");
  }
  try {
    state.data.save({ ...request, docType: "Sharing" });
  } catch {
    throw new Failure(400, "The sharing cannot be created");
  }
}

/** `handleRecipientAnswer`, `sendAnswer`: what is refused goes before the sharer is told (reference/cozy.md 4.8). */
export async function answerRequest(state: CozyState, answer: Fields): Promise<void> {
  if (hasEmptyField(answer, ["id", "accepted"])) throw new Failure(400, "Bad request: body is incomplete");
  const document = recipientDocument(state, textOf(answer["id"]));
  const accepted = Boolean(answer["accepted"]);
  const token = accepted ? accept(state, document) : null;
  if (!accepted) state.data.remove(document.id);
  const { sharerUrl, recipientUrl, shareID, preToken } = document;
  await notify(state.resolve, {
    method: "POST",
    url: `${sharerUrl.replace(/\/$/, "")}/services/sharing/answer`,
    credentials: inUrl(sharerUrl, { login: shareID, password: preToken }),
    body: { sharerUrl, recipientUrl, accepted, ...(token === null ? {} : { token }) },
  });
}

function accept(state: CozyState, { id: app, shareID, rules }: RecipientDocument): string {
  const token = newToken(state);
  state.data.save({ docType: "Access", login: shareID, token, app, rules });
  state.data.merge(app, { accepted: true, ...(state.habits.savesToken ? { token } : {}) });
  return token;
}

/** `deleteFromTarget`, `sendRevocationToSharer`: the token was never saved, so the sharer refuses (reference/cozy.md 8.2). */
export async function leaveSharing(state: CozyState, id: string): Promise<void> {
  const document = recipientDocument(state, id);
  removeAccess(state, id);
  state.data.remove(id);
  const { sharerUrl, shareID, recipientUrl, token } = document;
  await notify(state.resolve, {
    method: "DELETE",
    url: `${sharerUrl.replace(/\/$/, "")}/services/sharing/target`,
    credentials: inUrl(sharerUrl, { login: shareID, password: String(token) }),
    body: { sharerUrl, desc: `The sharing target ${recipientUrl} has revoked itself` },
  });
}

/** A revocation by the sharer: nothing is done where not exactly one document has the shareID. */
export function takeRevocation(state: CozyState, shareID: string): void {
  const documents = byShareID(state, shareID);
  const [document] = documents;
  if (document === undefined || documents.length !== 1) return;
  removeAccess(state, document.id);
  state.data.remove(document.id);
}

function removeAccess(state: CozyState, app: string): void {
  for (const access of accesses(state)) if (access.app === app) state.data.remove(access.id);
}
