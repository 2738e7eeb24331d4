import type { Reply } from "../faulty-answers.ts";
import { at, isObject, readObject, textAt } from "../ocm/json.ts";
import { shareToldOf, notedChange } from "../ocm/notifications.ts";
import { json, type OcmRequest, typeOf } from "../ocm/wire.ts";
import { originTrouble } from "./signatories.ts";
import type { NextcloudState } from "./state.ts";

const known = ["SHARE_ACCEPTED", "SHARE_DECLINED", "SHARE_UNSHARED"] as const;

/** POST /notifications (reference/ocm.md 4.5). */
export async function takeNotification(state: NextcloudState, request: OcmRequest): Promise<Reply> {
  const isJson = typeOf(request) === "application/json";
  if (!isJson) state.refuse(`POST notifications with content type "${typeOf(request)}"`);
  const body = isJson ? readObject(request.body.toString("utf8")) : null;
  const notification = at(body, "notification");
  const names = ["notificationType", "resourceType", "providerId"];
  if (!isObject(notification) || names.some((name) => textAt(body, name) === "")) {
    return json(400, { message: "Missing arguments", validationErrors: [] });
  }
  const type = known.find((each) => each === textAt(body, "notificationType"));
  if (type === undefined) return unknownType(state, textAt(body, "notificationType"));
  if (textAt(body, "resourceType") !== "file") {
    state.refuse(`A notification of resource type ${textAt(body, "resourceType")}`);
    return notFound();
  }
  const share = shareToldOf(state, type, textAt(body, "providerId"), textAt(notification, "sharedSecret"));
  if (share === null) return notFound();
  const trouble = await originTrouble(state, request, share.host);
  if (trouble !== null) return json(400, { message: trouble, validationErrors: [] });
  notedChange(state, type, share, notification);
  return json(201, []);
}

function unknownType(state: NextcloudState, type: string): Reply {
  if (!/^(REQUEST_RESHARE|RESHARE_UNDO|RESHARE_CHANGE_PERMISSION)$/.test(type)) return notFound();
  state.refuse(`A notification ${type}: resharing is not emulated`);
  return json(500, { message: "Not supported" });
}

function notFound(): Reply {
  const validationErrors = [{ name: "notification", message: "NOT_FOUND" }];
  return json(400, { message: "RESOURCE_NOT_FOUND", validationErrors });
}
