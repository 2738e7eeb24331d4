import { isObject } from "../../domain/json.ts";
import { readClient, type RegisteredClient, writeClient } from "../oauth/metadata.ts";
import { readTokens, type Tokens, writeTokens } from "../oauth/tokens.ts";
import { type CozyMemberRow, openMember, sealMember } from "../../store/cozy-sharings.ts";
import type { Sealer } from "../../store/sealing.ts";

/** What opens a member's Cozy for this account (reference/cozy.md 7.1); secrets. */
export interface Credentials {
  readonly client: RegisteredClient;
  readonly tokens: Tokens;
  /** 16 numbers below 16 in base64; with it the other side changes the ids of files. */
  readonly xorKey: string;
}

/** The columns of a member that hold credentials. */
export function sealedCredentials(
  sealer: Sealer,
  memberId: string,
  { client, tokens, xorKey }: Credentials,
): Pick<CozyMemberRow, "client_sealed" | "token_sealed"> {
  const token = JSON.stringify({ ...writeTokens(tokens), xor_key: xorKey });
  return {
    client_sealed: sealMember(sealer, memberId, "client_sealed", JSON.stringify(writeClient(client))),
    token_sealed: sealMember(sealer, memberId, "token_sealed", token),
  };
}

/** Columns of a member whose Cozy is not opened any more. */
export const noCredentials = { client_sealed: null, token_sealed: null, inbound_client_id: null } as const;

/** The credentials of a member; null where there are none. Throws SealError. */
export function openCredentials(sealer: Sealer, member: CozyMemberRow): Credentials | null {
  const [client, token] = [
    openMember(sealer, member, "client_sealed"),
    openMember(sealer, member, "token_sealed"),
  ];
  if (client === null || token === null) return null;
  const kept: unknown = JSON.parse(token);
  const read = { client: readClient(JSON.parse(client)), tokens: readTokens(kept) };
  if (read.client === null || read.tokens === null) return null;
  const key = isObject(kept) ? kept["xor_key"] : "";
  return { client: read.client, tokens: read.tokens, xorKey: typeof key === "string" ? key : "" };
}

/** What a token of a sharing may do (reference/cozy.md 7.1). */
export function sharingScope(documentId: string, verbs: "ALL" | "GET" = "ALL"): string {
  return `io.cozy.sharings:${verbs}:${documentId}`;
}
