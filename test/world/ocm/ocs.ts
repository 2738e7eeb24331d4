import type { Reply } from "../faulty-answers.ts";
import { loggedIn } from "./login.ts";
import type { Federation } from "./shares.ts";
import type { OcmUser } from "./users.ts";
import { json, type OcmRequest } from "./wire.ts";

/** The OCS envelope, version 2: the status of HTTP is that of `meta`. */
export function ocs(status: number, content: unknown, message = "OK"): Reply {
  const meta = { status: status === 200 ? "ok" : "failure", statuscode: status, message };
  return json(status, { ocs: { meta, data: content } });
}

/** Answers a user's request for JSON that carries `OCS-APIRequest: true` (reference/ocm.md 5.3), and refuses all others. */
export function inOcs<Result extends Reply | Promise<Reply>>(
  federation: Pick<Federation, "users" | "refuse">,
  request: OcmRequest,
  answer: (user: OcmUser) => Result,
): Result | Reply {
  const { headers, query, method } = request;
  if (headers.get("ocs-apirequest") !== "true") {
    federation.refuse(`${method} in OCS without OCS-APIRequest: true`);
    return json(412, { message: "CSRF check failed" });
  }
  const isJson =
    headers.get("accept")?.includes("application/json") === true || query.get("format") === "json";
  if (!isJson) {
    federation.refuse(`${method} in OCS that does not ask for JSON`);
    return json(406, { message: "Only JSON is emulated" });
  }
  const user = loggedIn(federation, request);
  if (user !== null) return answer(user);
  const meta = { status: "failure", statuscode: 997, message: "Current user is not logged in" };
  return json(401, { ocs: { meta, data: [] } });
}
