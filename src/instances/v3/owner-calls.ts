import type { OutboundRequest } from "../../http/outbound.ts";
import { cozyMemberById, type CozyMemberRow, updateCozyMember } from "../../store/cozy-sharings.ts";
import { callCozy, type CozyReply } from "../call.ts";
import { refreshAt } from "../oauth/at-cozy.ts";
import type { InstanceParts } from "../parts.ts";
import { type Credentials, openCredentials, sealedCredentials } from "./credentials.ts";
import type { Place } from "./owner-rows.ts";

/** A call about a sharing at another Cozy of it. */
export interface SharingCall extends Pick<OutboundRequest, "method" | "body"> {
  /** Behind `/sharings/:id`. */
  readonly path: string;
  /** Of the body; JSON unless given. */
  readonly type?: string;
}

type CallParts = Pick<InstanceParts, "http" | "sealer" | "store">;

interface Opened extends Place {
  readonly url: string;
  readonly signal: AbortSignal;
}

/** The calls of one step at another Cozy of a sharing, with the tokens that it gave. */
export class SharingCalls {
  readonly #parts: CallParts;
  readonly #opened: Opened;
  #credentials: Credentials;
  #isRefreshed = false;

  constructor(parts: CallParts, opened: Opened, credentials: Credentials) {
    this.#parts = parts;
    this.#opened = opened;
    this.#credentials = credentials;
  }

  /** What the other side was given to change ids with. */
  get xorKey(): Uint8Array {
    return Buffer.from(this.#credentials.xorKey, "base64");
  }

  /** After a 4xx that a new token may mend once more with one, which is kept (reference/cozy.md 7.8). */
  async ask(call: SharingCall): Promise<CozyReply> {
    const reply = await this.#once(call);
    const isTurnedAway = reply.kind === "answered" && [400, 401, 403].includes(reply.status);
    return isTurnedAway && (await this.#refresh()) ? this.#once(call) : reply;
  }

  async #once({ path, method, body, type = "application/json" }: SharingCall): Promise<CozyReply> {
    const { sharing, url, signal } = this.#opened;
    const { access } = this.#credentials.tokens;
    return callCozy(this.#parts.http, {
      url: `${url}/sharings/${sharing.document_id}${path}`,
      method,
      headers: {
        accept: "application/json",
        authorization: `Bearer ${access}`,
        ...(body === undefined ? {} : { "content-type": type }),
      },
      ...(body === undefined ? {} : { body }),
      signal,
    });
  }

  async #refresh(): Promise<boolean> {
    const { client, tokens } = this.#credentials;
    if (this.#isRefreshed || tokens.refresh === "") return false;
    this.#isRefreshed = true;
    const { member, url, signal } = this.#opened;
    const { http, sealer, store } = this.#parts;
    const obtained = await refreshAt({ http, url, signal }, client, tokens);
    if (obtained.kind === "failed") return false;
    this.#credentials = { ...this.#credentials, tokens: obtained.got };
    const sealed = sealedCredentials(sealer, member.id, this.#credentials);
    await store.transaction(async (db) => {
      // A new answer, or the end, has come first: its word stands.
      const now = await cozyMemberById(db, member.id);
      if (now?.token_sealed === member.token_sealed) await updateCozyMember(db, member.id, sealed);
    });
    return true;
  }
}

/** Null where this account has nothing that opens the member's Cozy. Throws SealError. */
export function callsTo(
  parts: CallParts,
  { sharing, member }: { readonly sharing: Place["sharing"]; readonly member: CozyMemberRow },
  signal: AbortSignal,
): SharingCalls | null {
  const credentials = openCredentials(parts.sealer, member);
  const { instance_url: url } = member;
  if (url === null || credentials === null) return null;
  return new SharingCalls(parts, { sharing, member, url, signal }, credentials);
}
