import type { PeerReply, PeerRequest } from "../../http/peer-route.ts";
import { sentShareBySecret, sentShareByToken, type SentShareRow } from "../../store/ocm-sent-shares.ts";
import type { Db } from "../../store/store.ts";
import type { FederationParts } from "../parts.ts";

/**
 * The share that a request may open: by its secret as Nextcloud sends it (Basic, with or without a password), by the secret or an
 * access token as Bearer (reference/ocm.md 4.6). One answer for all that opens nothing: unknown, over, declined, to be exchanged.
 */
export async function admitted(
  { store: { db }, siteUrl }: Pick<FederationParts, "store" | "siteUrl">,
  request: PeerRequest<null>,
): Promise<SentShareRow | PeerReply> {
  // Switched off.
  if (siteUrl() === null) return { status: 404 };
  const credential = credentialIn(request.headers["authorization"] ?? "");
  const share = credential === null ? undefined : await opened(db, credential);
  if (share !== undefined) return share;
  const waitMs = credential === null ? null : request.countWrongSecret();
  return waitMs === null ? unauthorized : tooMany(waitMs);
}

interface Credential {
  readonly kind: "secret" | "secret-or-token";
  readonly text: string;
}

function credentialIn(field: string): Credential | null {
  const [, scheme = "", value = ""] = /^(basic|bearer) +([\w.~+/=-]{1,4096})$/i.exec(field) ?? [];
  if (scheme === "") return null;
  if (scheme.toLowerCase() === "bearer") return { kind: "secret-or-token", text: value };
  const [secret = ""] = Buffer.from(value, "base64").toString("utf8").split(":");
  return { kind: "secret", text: secret };
}

async function opened(db: Db, { kind, text }: Credential): Promise<SentShareRow | undefined> {
  const nowMs = Date.now();
  const share = await sentShareBySecret(db, text, nowMs);
  return share ?? (kind === "secret" ? undefined : sentShareByToken(db, text, nowMs));
}

const unauthorized: PeerReply = {
  status: 401,
  headers: { "www-authenticate": 'Basic realm="usher", Bearer realm="usher"' },
};

function tooMany(waitMs: number): PeerReply {
  return { status: 429, headers: { "retry-after": String(Math.ceil(waitMs / 1000)) } };
}
