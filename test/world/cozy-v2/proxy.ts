import type { Reply } from "../faulty-answers.ts";
import { callDataSystem } from "./data-system.ts";
import { placeOf, replicationPath } from "./place.ts";
import { takeRequest, takeRevocation } from "./recipient.ts";
import { answerReplication } from "./replication-calls.ts";
import { type Access, accesses, type CozyState, sharerIn, type Target } from "./state.ts";
import {
  type CozyRequest,
  type Credentials,
  Failure,
  failureReply,
  hasEmptyField,
  jsonReply,
  messageOf,
  textOf,
} from "./wire.ts";

/** Requests of other Cozys in a day, for the whole instance. */
const requestsADay = 200;

/** What other Cozys reach (reference/cozy.md 4.5). Every refusal is written down. */
export async function answerProxy(state: CozyState, request: CozyRequest): Promise<Reply> {
  try {
    return await answer(state, request);
  } catch (cause) {
    const reply = failureReply(cause);
    const said = messageOf(cause);
    state.refuse(`${request.method} ${request.path}: ${reply.status} ${said}`);
    return reply;
  }
}

async function answer(state: CozyState, request: CozyRequest): Promise<Reply> {
  const place = placeOf(request);
  state.bodies.push({ place, body: request.body });
  switch (place) {
    case "request":
      countRequest(state);
      takeRequest(state, request.body);
      break;
    case "answer":
      await passAnswerOn(state, request);
      break;
    case "revoke":
      takeRevocation(state, accessOf(state, request.credentials).login);
      break;
    case "revoke-target":
      removeTarget(state, request.credentials);
      break;
    case "replication": {
      const access = accessOf(state, request.credentials);
      return answerReplication(state, access, request, request.path.slice(replicationPath.length));
    }
    case "other":
      throw new Failure(404, "Not found");
  }
  return jsonReply(200, { success: true });
}

function countRequest(state: CozyState): void {
  state.requestsToday += 1;
  if (state.requestsToday > requestsADay) throw new Failure(429, "Too many requests. Please try later");
}

/** The proxy does not say what the data-system made of the answer. */
async function passAnswerOn(state: CozyState, { body, credentials }: CozyRequest): Promise<void> {
  const lacksToken = Boolean(body["accepted"]) && hasEmptyField(body, ["token"]);
  if (hasEmptyField(body, ["recipientUrl", "accepted"]) || lacksToken) throw new Failure(400, "Bad request");
  const { login: shareID, password: preToken } = targetOf(state, credentials).credentials;
  const { status, body: told } = await callDataSystem(state, {
    method: "POST",
    path: "services/sharing/answer",
    credentials: { login: "proxy", password: state.apps.get("proxy")?.token ?? "" },
    body: { ...body, shareID, preToken },
  });
  if (status !== 200) {
    state.refuse(`POST /services/sharing/answer: ${status} ${textOf(told["error"])}, told as 200`);
  }
}

/** A target is known by its token as well as by its preToken. */
function targetOf(state: CozyState, credentials: Credentials | null) {
  const found = state.data.find(credentials?.login ?? "");
  const sharing = found === null ? null : sharerIn(found);
  const targets: readonly Target[] = sharing?.targets ?? [];
  const target = targets.find((each) =>
    [each.token, each.preToken].some((secret) => secret !== undefined && secret === credentials?.password),
  );
  if (sharing === null || credentials === null || target === undefined) {
    throw new Failure(401, "Request unauthorized");
  }
  return { sharing, target, credentials };
}

function removeTarget(state: CozyState, credentials: Credentials | null): void {
  const { sharing, target } = targetOf(state, credentials);
  try {
    state.data.merge(sharing.id, { targets: sharing.targets.filter((each) => each !== target) });
  } catch {
    throw new Failure(400, "Cannot revoke the recipient");
  }
}

function accessOf(state: CozyState, credentials: Credentials | null): Access {
  const access = accesses(state).find(
    ({ login, token }) => login === credentials?.login && token === credentials.password,
  );
  if (access === undefined) throw new Failure(401, "Request unauthorized");
  return access;
}
