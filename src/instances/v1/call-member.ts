import type { OutboundRequest } from "../../http/outbound.ts";
import { cozyMemberById, type CozyMemberRow, updateCozyMember } from "../../store/cozy-sharings.ts";
import { callCozy, type CozyReply } from "../call.ts";
import { refreshAt } from "../oauth/at-cozy.ts";
import type { RegisteredClient } from "../oauth/metadata.ts";
import type { Tokens } from "../oauth/tokens.ts";
import type { InstanceParts } from "../parts.ts";
import { clientOf, sealTokens, tokensOf } from "./credentials.ts";

type CallParts = Pick<InstanceParts, "http" | "sealer" | "store">;

/** A call at a member's Cozy; `path` with its query. */
export interface MemberCall extends Pick<OutboundRequest, "method" | "body"> {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Null where this account has nothing that opens the member's Cozy. Throws SealError. */
export function callsTo(parts: CallParts, member: CozyMemberRow, signal: AbortSignal): MemberCalls | null {
  const { instance_url: url } = member;
  const client = clientOf(parts.sealer, member);
  const tokens = tokensOf(parts.sealer, member);
  if (url === null || client === null || tokens === null) return null;
  return new MemberCalls(parts, { member, url, client, signal }, tokens);
}

interface Opened {
  readonly member: CozyMemberRow;
  readonly url: string;
  readonly client: RegisteredClient;
  readonly signal: AbortSignal;
}

/** The calls of one step at a member's Cozy, with the tokens that he gave. */
export class MemberCalls {
  readonly #parts: CallParts;
  readonly #opened: Opened;
  #tokens: Tokens;
  #isRefreshed = false;

  constructor(parts: CallParts, opened: Opened, tokens: Tokens) {
    this.#parts = parts;
    this.#opened = opened;
    this.#tokens = tokens;
  }

  /** After "Bad Request" or "Unauthorized" once more with a new access token, which is kept (reference/cozy.md 5.5). */
  async ask(call: MemberCall): Promise<CozyReply> {
    const reply = await this.#once(call);
    const isTurnedAway = reply.kind === "answered" && (reply.status === 400 || reply.status === 401);
    return isTurnedAway && (await this.#refresh()) ? this.#once(call) : reply;
  }

  async #once({ path, method, body, headers }: MemberCall): Promise<CozyReply> {
    return callCozy(this.#parts.http, {
      url: `${this.#opened.url}${path}`,
      method,
      headers: { accept: "application/json", ...headers, authorization: `Bearer ${this.#tokens.access}` },
      ...(body === undefined ? {} : { body }),
      signal: this.#opened.signal,
    });
  }

  async #refresh(): Promise<boolean> {
    if (this.#isRefreshed || this.#tokens.refresh === "") return false;
    this.#isRefreshed = true;
    const { member, client, url, signal } = this.#opened;
    const { http, sealer, store } = this.#parts;
    const obtained = await refreshAt({ http, url, signal }, client, this.#tokens);
    if (obtained.kind === "failed") return false;
    this.#tokens = obtained.got;
    const token_sealed = sealTokens(sealer, member.id, obtained.got);
    await store.transaction(async (db) => {
      // A new answer, or the end, has come first: its word stands.
      const now = await cozyMemberById(db, member.id);
      if (now?.token_sealed === member.token_sealed) await updateCozyMember(db, member.id, { token_sealed });
    });
    return true;
  }
}
