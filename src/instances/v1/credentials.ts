import type { CozyMemberRow } from "../../store/cozy-sharings.ts";
import { openMember, sealMember } from "../../store/cozy-sharings.ts";
import type { Sealer } from "../../store/sealing.ts";
import { readClient, type RegisteredClient, writeClient } from "../oauth/metadata.ts";
import { readTokens, type Tokens, writeTokens } from "../oauth/tokens.ts";

/** The OAuth client that this account is at a member's Cozy; null where it is none. Throws SealError. */
export function clientOf(sealer: Sealer, member: CozyMemberRow): RegisteredClient | null {
  const text = openMember(sealer, member, "client_sealed");
  return text === null ? null : readClient(JSON.parse(text));
}

/** What opens a member's Cozy for this account; null where nothing does. Throws SealError. */
export function tokensOf(sealer: Sealer, member: CozyMemberRow): Tokens | null {
  const text = openMember(sealer, member, "token_sealed");
  return text === null ? null : readTokens(JSON.parse(text));
}

export function sealClient(sealer: Sealer, memberId: string, client: RegisteredClient): string {
  return sealMember(sealer, memberId, "client_sealed", JSON.stringify(writeClient(client)));
}

export function sealTokens(sealer: Sealer, memberId: string, tokens: Tokens): string {
  return sealMember(sealer, memberId, "token_sealed", JSON.stringify(writeTokens(tokens)));
}

/** Columns of a member whose Cozy is not opened any more, and who opens nothing here. */
export const noCredentials = { client_sealed: null, token_sealed: null, inbound_client_id: null } as const;
