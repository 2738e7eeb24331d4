import type { Reply } from "../faulty-answers.ts";
import { at, isObject, readObject, textAt } from "../ocm/json.ts";
import type { OcmRequest } from "../ocm/wire.ts";
import { invalidParameter, notFound, serverError } from "./problems.ts";
import type { OpenCloudState } from "./state.ts";

const logged: Reply = { status: 201, headers: [], body: "" };

/** `POST /ocm/notifications`: OpenCloud and reva log it and say 201; oCIS acts by providerId and grantee (reference/ocm.md 4.5). */
export function takeNotification(cloud: OpenCloudState, request: OcmRequest): Reply {
  const body = readObject(request.body.toString("utf8"));
  if (body === null) throw invalidParameter("body is not JSON");
  cloud.notifications.push(body);
  if (cloud.conduct.family !== "ocis") return logged;
  // Its source reads through the missing object (reference/ocm.md, section 9).
  if (!isObject(at(body, "notification"))) throw serverError("nil pointer dereference");
  const type = textAt(body, "notificationType");
  if (type !== "SHARE_UNSHARED" && type !== "SHARE_CHANGE_PERMISSION") {
    throw invalidParameter("this type of notification is not supported");
  }
  const meant = cloud.shares.find(
    ({ providerId, shareWith }) =>
      providerId === textAt(body, "providerId") && shareWith === textAt(body, "notification", "grantee"),
  );
  if (meant === undefined) throw notFound("no such share");
  if (type === "SHARE_UNSHARED") cloud.shares = cloud.shares.filter((share) => share !== meant);
  return logged;
}
