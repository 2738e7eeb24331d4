import { randomUUID, sign } from "node:crypto";
import type { Reply } from "../faulty-answers.ts";
import { at, readObject, textAt } from "../ocm/json.ts";
import type { MessageKey } from "../ocm/message-signature.ts";
import { locateBySecret } from "../ocm/mounted.ts";
import { isOver, type Location, type SentShare, type TakenShare } from "../ocm/shares.ts";
import { basic, json, type OcmRequest, typeOf } from "../ocm/wire.ts";
import { originTrouble } from "./signatories.ts";
import { postSigned } from "./signing.ts";
import type { NextcloudState } from "./state.ts";

const form = "application/x-www-form-urlencoded";

/** POST at the token endpoint of the master line (reference/ocm.md 4.7). */
export async function takeExchange(state: NextcloudState, request: OcmRequest): Promise<Reply> {
  if (state.key.kind === "cavage") {
    state.refuse("POST at a token endpoint, which Nextcloud 32 has not");
    return json(404, { message: "There is nothing here." });
  }
  if (typeOf(request) !== form) {
    state.refuse(`A token exchange with content type "${typeOf(request)}"`);
    return json(400, { error: "invalid_request" });
  }
  const fields = new URLSearchParams(request.body.toString("utf8"));
  const [client, code] = [fields.get("client_id") ?? "", fields.get("code") ?? ""];
  if (fields.get("grant_type") !== "authorization_code")
    return json(400, { error: "unsupported_grant_type" });
  if (client === "" || code === "") return json(400, { error: "invalid_request" });
  const isSigned = request.headers.has("signature-input");
  if (!isSigned || (await originTrouble(state, request, client)) !== null) {
    return json(401, { error: "invalid_request" });
  }
  const share = state.sent.find((each) => each.secret === code && each.host === client && !isOver(each));
  return share === undefined ? json(401, { error: "invalid_grant" }) : exchange(state, state.key.own, share);
}

/** The former token of the share ends, and its secret opens nothing from now on. */
async function exchange(state: NextcloudState, key: MessageKey, share: SentShare): Promise<Reply> {
  if (state.exchanging.has(share.id)) state.refuse("Two exchanges of the same secret at the same time");
  state.exchanging.add(share.id);
  await state.exchangeGate;
  state.exchanging.delete(share.id);
  const seconds = state.settings.tokenSeconds;
  const token = accessToken(key, state, share.to, seconds);
  share.accessToken = { token, expiresAt: state.now() + seconds * 1000 };
  share.exchanges += 1;
  return json(200, { access_token: token, token_type: "Bearer", expires_in: seconds });
}

function accessToken(
  { kid, privateKey }: MessageKey,
  { origin, now }: NextcloudState,
  audience: string,
  seconds: number,
): string {
  const issuedAt = Math.floor(now() / 1000);
  const claims = { iss: origin, aud: audience, iat: issuedAt, exp: issuedAt + seconds, jti: randomUUID() };
  const signed = [{ typ: "at+jwt", alg: "ES256", kid }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  const signature = sign("sha256", Buffer.from(signed), { key: privateKey, dsaEncoding: "ieee-p1363" });
  return `${signed}.${signature.toString("base64url")}`;
}

/** As 32 for shares of the legacy form; the master line follows `webdav` where the share has it (reference/ocm.md 4.6). */
export async function locate(state: NextcloudState, share: TakenShare): Promise<Location> {
  const uri = textAt(share.body, "protocol", "webdav", "uri");
  if (state.generation === 32 || uri === "") return locateBySecret(state, share);
  const { url } = await locateBySecret(state, share);
  const whole = URL.canParse(uri) ? uri : `${url}${uri}`;
  if (new URL(whole).host !== share.host) throw new Error("The uri of the share is at another host.");
  const isMulti = textAt(share.body, "protocol", "name") === "multi";
  const authorization = share.mustExchange
    ? `Bearer ${await tokenFor(state, share)}`
    : isMulti
      ? `Bearer ${share.secret}`
      : basic(share.secret, "");
  return { url: whole.endsWith("/") ? whole : `${whole}/`, authorization };
}

async function tokenFor(state: NextcloudState, share: TakenShare): Promise<string> {
  const known = state.tokensTaken.get(share.id);
  if (known !== undefined && known.expiresAt > state.now()) return known.token;
  const peer = await state.discover(share.host);
  if (peer === null || peer.tokenEndPoint === "") throw new Error(`${share.host} exchanges no tokens.`);
  const fields = { grant_type: "authorization_code", client_id: state.host, code: share.secret };
  const body = String(new URLSearchParams(fields));
  const answer = await postSigned(state, peer, peer.tokenEndPoint, { type: form, body });
  const told = answer.kind === "answered" && answer.status === 200 ? readObject(answer.text) : null;
  const [token, seconds] = [textAt(told, "access_token"), at(told, "expires_in")];
  if (token === "" || typeof seconds !== "number") throw new Error(`${share.host} gave no access token.`);
  state.tokensTaken.set(share.id, { token, expiresAt: state.now() + seconds * 1000 });
  return token;
}
