import { isObject } from "../../domain/json.ts";
import { writeBasic } from "../../protocols/cozy-v2/wire.ts";
import type { CozyMemberRow, CozySharingRow } from "../../store/cozy-sharings.ts";
import { openMember, shareIdOf } from "../../store/cozy-sharings.ts";
import { callCozy, type CozyReply } from "../call.ts";
import type { InstanceParts } from "../parts.ts";

/** A call at the Cozy of a member; `path` from its root. */
export interface MemberCall {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly body?: object;
}

export type CallMember = (call: MemberCall) => Promise<CozyReply>;

/**
 * Calls at a member's Cozy in the name of the sharing: with the token that he gave, before that with his preToken, or without
 * either. Null where his Cozy is not known.
 */
export function callsTo(
  { http, sealer }: Pick<InstanceParts, "http" | "sealer">,
  { sharing, member }: { readonly sharing: CozySharingRow; readonly member: CozyMemberRow },
  signal: AbortSignal,
): CallMember | null {
  const { instance_url: url } = member;
  if (url === null) return null;
  const password = openMember(sealer, member, "token_sealed") ?? openMember(sealer, member, "secret_sealed");
  const login = shareIdOf(sealer, sharing);
  const authorization = password === null ? {} : { authorization: writeBasic({ login, password }) };
  return async ({ method, path, body }) =>
    callCozy(http, {
      method,
      url: `${url}${path}`,
      headers: { accept: "application/json", "content-type": "application/json", ...authorization },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal,
    });
}

/** Whether the other side says that it did what was asked; a page of something else says so with its status only. */
export function isDone(reply: CozyReply): boolean {
  return (
    reply.kind === "answered" &&
    reply.status === 200 &&
    isObject(reply.body) &&
    reply.body["success"] === true
  );
}
