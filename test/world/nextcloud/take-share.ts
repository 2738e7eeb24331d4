import type { Reply } from "../faulty-answers.ts";
import { at, isObject, type JsonObject, readObject, textAt, textsAt } from "../ocm/json.ts";
import { readAddress } from "../ocm/users.ts";
import { json, type OcmRequest, typeOf } from "../ocm/wire.ts";
import { originTrouble } from "./signatories.ts";
import type { NextcloudState } from "./state.ts";

/** POST /shares: the table of reference/ocm.md 6.2. */
export async function takeShare(state: NextcloudState, request: OcmRequest): Promise<Reply> {
  const body = readBody(state, request);
  if (body === null) return bad("Missing arguments");
  const owner = readAddress(textAt(body, "owner"));
  const refusal = state.generation === 34 ? masterRefusal(state, body) : null;
  if (refusal !== null) return refusal;
  if (owner === null) return bad("Invalid federated cloud id of the owner");
  const trouble = await originTrouble(state, request, owner.host);
  if (trouble !== null) return bad(trouble);
  return missing(state, body) ?? unsupported(state, body) ?? store(state, body, owner);
}

function readBody(state: NextcloudState, request: OcmRequest): JsonObject | null {
  if (typeOf(request) !== "application/json") {
    state.refuse(`POST shares with content type "${typeOf(request)}"`);
    return null;
  }
  return readObject(request.body.toString("utf8"));
}

function bad(message: string): Reply {
  return json(400, { message, validationErrors: [] });
}

/** What the master line looks at first: its rate limit, and hosts that look like others. */
function masterRefusal(state: NextcloudState, body: JsonObject): Reply | null {
  const senders = [textAt(body, "owner"), textAt(body, "sharedBy")];
  const host = readAddress(senders[0] ?? "")?.host ?? "";
  const recent = (state.postedShares.get(host) ?? []).filter((each) => each > state.now() - 1_200_000);
  const limit = state.settings.sharesPer1200s;
  if (limit !== null && recent.length >= limit) return json(429, { message: "Too many requests" });
  state.postedShares.set(host, [...recent, state.now()]);
  const isSuspicious = senders.some((each) => /@.*(\P{ASCII}|\bxn--)/u.test(each));
  return isSuspicious ? bad("Suspicious domain detected on owner or sharedBy field") : null;
}

const required = ["shareWith", "name", "providerId", "owner", "shareType", "resourceType"];

function missing({ generation }: NextcloudState, body: JsonObject): Reply | null {
  if (required.some((name) => textAt(body, name) === "") || !isObject(body["protocol"])) {
    return bad("Missing arguments");
  }
  if (generation === 34) {
    return secretOf(body) === "" ? bad("Missing sharedSecret in protocol") : null;
  }
  return textAt(body, "protocol", "options", "sharedSecret") === "" ? bad("Missing arguments") : null;
}

/** 32 takes files by WebDAV for users (folders are files here); the master line also as `multi` with `webdav`. */
function unsupported(state: NextcloudState, body: JsonObject): Reply | null {
  if (textAt(body, "resourceType") !== "file") return json(501, { message: "Resource type not implemented" });
  if (textAt(body, "shareType") === "group") {
    state.refuse("POST shares for a group: this is not emulated");
    return json(501, { message: "Share type not implemented" });
  }
  if (textAt(body, "shareType") !== "user") return json(501, { message: "Share type not implemented" });
  const name = textAt(body, "protocol", "name");
  const isMulti = state.generation === 34 && name === "multi" && isObject(at(body, "protocol", "webdav"));
  if (name === "webdav" || isMulti) return null;
  return json(501, { message: "Unsupported protocol for data exchange." });
}

function store(state: NextcloudState, body: JsonObject, owner: { user: string; host: string }): Reply {
  const to = readAddress(textAt(body, "shareWith"));
  if (to !== null && to.host !== state.host) state.refuse("POST shares for an address of another host");
  const user = to === null || to.host !== state.host ? undefined : state.users.get(to.user);
  if (user === undefined) return bad(`User does not exist at ${state.origin}`);
  const name = textAt(body, "name");
  if (/[/\\\p{Cc}]/u.test(name)) {
    state.refuse("POST shares with a name that is no file name");
    return bad("The name contains invalid characters");
  }
  state.taken.push({
    id: 1 + state.taken.length,
    providerId: textAt(body, "providerId"),
    secret: secretOf(body),
    user: user.uid,
    name,
    owner: `${owner.user}@${owner.host}`,
    ownerName: textAt(body, "ownerDisplayName") || owner.user,
    host: owner.host,
    mustExchange: textsAt(body, "protocol", "webdav", "requirements").includes("must-exchange-token"),
    body,
    state: "pending",
  });
  return json(201, { recipientDisplayName: user.displayName, recipientUserId: user.uid });
}

/** In `options`, or in a protocol object. */
function secretOf(body: JsonObject): string {
  return (
    textAt(body, "protocol", "options", "sharedSecret") || textAt(body, "protocol", "webdav", "sharedSecret")
  );
}
