import type { JsonWebKey } from "node:crypto";
import { type CavageSignature, cavageFlaw, isCavageSignedBy, readCavage } from "../ocm/cavage.ts";
import { at, isObject, readObject } from "../ocm/json.ts";
import { isMessageSignedBy, messageFlaw, readMessageSignature } from "../ocm/message-signature.ts";
import type { OcmRequest } from "../ocm/wire.ts";
import type { NextcloudState } from "./state.ts";

/** Why a request is not taken as coming from the host it names; null where it is. */
export type OriginTrouble = "instance is supposed to sign its request" | "Invalid signature";

/**
 * Whether a request comes from `host`: signed by it, or unsigned as long as no key of it is known. The first good signature
 * makes the key known (reference/ocm.md 4.8 b).
 */
export async function originTrouble(
  state: NextcloudState,
  request: OcmRequest,
  host: string,
): Promise<OriginTrouble | null> {
  if (!request.headers.has("signature")) {
    return state.signatories.has(host) ? "instance is supposed to sign its request" : null;
  }
  const isMessage = state.generation === 34 && request.headers.has("signature-input");
  const trouble = isMessage
    ? await messageTrouble(state, request, host)
    : await cavageTrouble(state, request, host);
  if (trouble === null) return null;
  state.signatureTroubles.push(trouble);
  return "Invalid signature";
}

async function cavageTrouble(
  state: NextcloudState,
  request: OcmRequest,
  host: string,
): Promise<string | null> {
  const signature = readCavage(request.headers.get("signature") ?? "");
  if (signature === null) return "the field Signature cannot be read";
  const flaw = cavageFlaw(request, signature, state.host, state.now());
  if (flaw !== null) return flaw;
  if (hostOfKey(signature.keyId) !== host) return "the host of keyId is another than the owner's";
  const known = state.signatories.get(host);
  if (known?.kind === "message") return "SignatoryConflict: this host signs otherwise";
  return known === undefined
    ? firstUseTrouble(state, request, host, signature)
    : pinnedTrouble(known, request, signature);
}

async function firstUseTrouble(
  state: NextcloudState,
  request: OcmRequest,
  host: string,
  signature: CavageSignature,
): Promise<string | null> {
  const key = (await state.discover(host))?.publicKey ?? null;
  if (key?.keyId !== signature.keyId) return "keyId is not the one of discovery";
  if (!isCavageSignedBy(key.publicKeyPem, request, signature)) return "the signature does not fit";
  state.signatories.set(host, { kind: "cavage", ...key });
  return null;
}

/** A key that is known stays, whatever discovery says now. */
function pinnedTrouble(
  known: { readonly keyId: string; readonly publicKeyPem: string },
  request: OcmRequest,
  signature: CavageSignature,
): string | null {
  if (known.keyId !== signature.keyId) return "SignatoryConflict: keyId changed";
  return isCavageSignedBy(known.publicKeyPem, request, signature)
    ? null
    : "SignatoryConflict: the key changed, or the signature does not fit";
}

async function messageTrouble(
  state: NextcloudState,
  request: OcmRequest,
  host: string,
): Promise<string | null> {
  const signature = readMessageSignature(request);
  if (signature === null) return "there is no signature labelled ocm";
  const flaw = messageFlaw(request, signature, state.now());
  if (flaw !== null) return flaw;
  if (hostOfKey(signature.keyid) !== host) return "the host of keyid is another than the owner's";
  const jwk = await keyOf(state, host, signature.keyid);
  if (jwk === null) return "the key set has no such key";
  if (!isMessageSignedBy(jwk, request, signature, state.host)) return "the signature does not fit";
  state.signatories.set(host, { kind: "message", jwk });
  return null;
}

/** From the key set that discovery names. */
async function keyOf(state: NextcloudState, host: string, kid: string): Promise<JsonWebKey | null> {
  const url = (await state.discover(host))?.jwksUri ?? "";
  if (!URL.canParse(url)) return null;
  const answer = await state.call({ method: "GET", url });
  if (answer.kind === "unreachable" || answer.status !== 200) return null;
  const keys = at(readObject(answer.text), "keys");
  const found: unknown = Array.isArray(keys)
    ? keys.find((key: unknown) => isObject(key) && key["kid"] === kid)
    : undefined;
  return isObject(found) ? found : null;
}

function hostOfKey(keyId: string): string {
  return URL.canParse(keyId) ? new URL(keyId).host : "";
}
