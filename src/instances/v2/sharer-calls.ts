import { writeBasic, writeShareAnswer } from "../../protocols/cozy-v2/wire.ts";
import type { Ask } from "../../protocols/protocol.ts";
import { shareIdOf } from "../../store/cozy-sharings.ts";
import { instanceUrlOf } from "../../store/instances.ts";
import type { InstanceParts } from "../parts.ts";
import { askCozy } from "../ask-cozy.ts";
import { attributesOf, type Received } from "./received.ts";

type CallParts = Pick<InstanceParts, "http" | "sealer" | "store">;

interface GivenAnswer {
  readonly accepted: boolean;
  readonly token: string | null;
  /** The preToken, or the token once it is known. */
  readonly password: string;
}

/** POST /services/sharing/answer at the sharer's Cozy (reference/cozy.md 4.5). */
export async function answerSharer(
  parts: CallParts,
  received: Received,
  { accepted, token, password }: GivenAnswer,
  ask: Ask,
) {
  const { sharing, sharer } = received;
  const sharerUrl = sharer.instance_url ?? "";
  const recipientUrl = attributesOf(sharing).recipient_url ?? (await ownUrl(parts, sharing.account_id));
  return callSharer(
    parts,
    received,
    { what: "answer", method: "POST", path: "/services/sharing/answer", password },
    {
      ask,
      body: writeShareAnswer({ sharerUrl, recipientUrl, accepted, token }),
    },
  );
}

/** Where the request named no other address, the sharer knows the account by its preToken. */
async function ownUrl({ store }: CallParts, accountId: string): Promise<string> {
  return (await instanceUrlOf(store.db, accountId)) ?? "";
}

/** DELETE /services/sharing/target at the sharer's Cozy. */
export async function leaveSharer(parts: CallParts, received: Received, token: string, ask: Ask) {
  const sharerUrl = `${received.sharer.instance_url ?? ""}/`;
  return callSharer(
    parts,
    received,
    { what: "leave", method: "DELETE", path: "/services/sharing/target", password: token },
    { ask, body: { sharerUrl, desc: "The recipient has left the sharing" } },
  );
}

interface SharerCall {
  readonly what: string;
  readonly method: "POST" | "DELETE";
  readonly path: string;
  readonly password: string;
}

async function callSharer(
  { http, sealer }: CallParts,
  { sharing, sharer }: Received,
  { what, method, path, password }: SharerCall,
  { ask, body }: { readonly ask: Ask; readonly body: object },
) {
  const authorization = writeBasic({ login: shareIdOf(sealer, sharing), password });
  return askCozy(
    http,
    {
      what,
      method,
      url: `${sharer.instance_url ?? ""}${path}`,
      headers: { authorization, accept: "application/json", "content-type": "application/json" },
      body: JSON.stringify(body),
    },
    ask,
  );
}
