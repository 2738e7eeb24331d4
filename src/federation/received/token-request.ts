import { z } from "zod";
import { limits } from "../../domain/limits.ts";
import type { Peer } from "../../protocols/ocm/peer.ts";
import type { Ask } from "../../protocols/protocol.ts";
import type { Peers } from "../parts.ts";
import { answerOf } from "../posted.ts";
import { isTrouble, type Trouble, trouble } from "../trouble.ts";

/** What an exchange came to. */
export type Exchanged =
  | { readonly kind: "token"; readonly token: string; readonly expiresAt: number }
  /** The peer knows no such share. */
  | { readonly kind: "no-such-share" }
  /** The peer exchanges nothing in any form that Usher knows, or not for this site. */
  | { readonly kind: "not-exchanged" }
  /** Whether the peer exchanged it is not known. */
  | Trouble;

const granted = z.object({
  access_token: z
    .string()
    .max(limits.ocmForeignTokenChars)
    .regex(/^[\x21-\x7e]+$/),
  expires_in: z.number().positive().optional(),
});
const refused = z.object({ error: z.string() });

/** The form of today, and those of OCM 1.2 and of reva (reference/ocm.md 4.7). */
const grants = {
  form: "authorization_code",
  "json-1.2": "ocm_authorization_code",
  "json-reva": "ocm_share",
} as const;

type Form = keyof typeof grants;

/**
 * Exchanges a shared secret for an access token (reference/ocm.md 4.7), in the form of today and then in the older ones: those
 * first where the peer names no token endpoint. A form counts as not understood only where the answer says that.
 */
export async function requestToken(
  peers: Peers,
  peer: Peer,
  { secret, clientId }: { readonly secret: string; readonly clientId: string },
  ask: Ask,
): Promise<Exchanged> {
  const { tokenEndPoint } = peer;
  const forms: readonly Form[] =
    tokenEndPoint === null ? ["json-1.2", "json-reva", "form"] : ["form", "json-1.2", "json-reva"];
  for (const form of forms) {
    const fields = { grant_type: grants[form], client_id: clientId, code: secret };
    const body = form === "form" ? new URLSearchParams(fields) : fields;
    const askToken = { ...ask, what: "exchange the secret of the share" };
    const answer = answerOf(await peers.post(peer, tokenEndPoint ?? "/token", body, askToken));
    const exchanged = isTrouble(answer) ? answer : exchangedBy(answer);
    if (exchanged !== "other-form") return exchanged;
  }
  return { kind: "not-exchanged" };
}

function exchangedBy({ status, body }: { readonly status: number; readonly body: unknown }) {
  if (status === 200 || status === 201) return tokenIn(body);
  const { error = "" } = refused.safeParse(body).data ?? {};
  if (error === "invalid_grant") return { kind: "no-such-share" } as const;
  const isForm = error === "unsupported_grant_type" || (status === 400 && error === "invalid_request");
  return isForm || status === 415 || status === 422 ? "other-form" : ({ kind: "not-exchanged" } as const);
}

/** Given up a little before its end; see limits. */
function tokenIn(body: unknown): Exchanged {
  const read = granted.safeParse(body);
  if (!read.success) return trouble("answer-not-understood");
  const { access_token: token, expires_in: seconds } = read.data;
  const lifeMs = Math.min(
    seconds === undefined ? limits.ocmForeignTokenMs : seconds * 1000,
    limits.ocmForeignTokenMaxMs,
  );
  const spareMs = Math.min(limits.ocmForeignTokenSpareMs, lifeMs / 2);
  return { kind: "token", token, expiresAt: Math.floor(Date.now() + lifeMs - spareMs) };
}
