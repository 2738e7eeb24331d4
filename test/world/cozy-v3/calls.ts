import { z } from "zod";
import type { Answered, Call } from "./caller.ts";
import type { Instance } from "./instance.ts";
import type { Credentials, Member, Sharing } from "./model.ts";
import { readJson } from "./wire.ts";

const refreshed = z.object({ access_token: z.string().min(1) });
const gone = z.object({ links: z.object({ related: z.string() }) });

type AtPeer = Omit<Call, "url" | "bearer"> & {
  /** Below `/sharings/:id`. */
  readonly path: string;
};

/**
 * A call at another member's Cozy with the token that it gave. On 410 it is repeated at the Cozy's new address, on another
 * 4xx once with a refreshed token (reference/cozy.md 7.8).
 */
export async function callPeer(
  instance: Instance,
  sharing: Sharing,
  member: Member,
  credentials: Credentials,
  what: AtPeer,
): Promise<Answered> {
  const ask = async (): Promise<Answered> =>
    instance.call({
      ...what,
      url: `${member.instance}/sharings/${sharing.id}${what.path}`,
      bearer: credentials.access_token?.access_token ?? "",
    });
  const first = await ask();
  if (first.kind !== "answered" || first.status < 400 || first.status >= 500) return first;
  const isWorthAnother =
    first.status === 410 ? follow(member, first.text) : await refresh(instance, member, credentials);
  return isWorthAnother ? ask() : first;
}

function follow(member: Member, text: string): boolean {
  try {
    member.instance = new URL(readJson(text, gone).links.related).origin;
    return true;
  } catch {
    return false;
  }
}

async function refresh(instance: Instance, member: Member, credentials: Credentials): Promise<boolean> {
  const { client, access_token } = credentials;
  if (client === null || access_token === null) return false;
  const form = new URLSearchParams({
    grant_type: "refresh_token",
    refresh_token: access_token.refresh_token,
    client_id: client.client_id,
    client_secret: client.client_secret,
  });
  const answer = await instance.call({
    method: "POST",
    url: `${member.instance}/auth/access_token`,
    accept: "application/json",
    type: "application/x-www-form-urlencoded",
    body: String(form),
  });
  if (answer.kind !== "answered" || answer.status !== 200) return false;
  try {
    credentials.access_token = { ...access_token, ...readJson(answer.text, refreshed) };
    return true;
  } catch {
    return false;
  }
}
