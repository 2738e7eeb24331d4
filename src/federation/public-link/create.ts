import { z } from "zod";
import { limits } from "../../domain/limits.ts";
import { oneLine } from "../../domain/one-line.ts";
import type { OutboundClient, OutboundResponse } from "../../http/outbound.ts";
import type { LinkServer } from "../../protocols/public-link-way.ts";
import type { Ask } from "../../protocols/protocol.ts";
import { recorded, refusedBy } from "../recorded.ts";
import { type Trouble, type TroubleName, trouble } from "../trouble.ts";

/** What came of asking a Nextcloud to share what its link shows. */
export type Created =
  | { readonly kind: "created" }
  /** It did so before. */
  | { readonly kind: "shared-before" }
  | Trouble;

/**
 * POST createFederatedShare (reference/ocm.md 5.2): the link's server shares with the account's own address, and posts the share
 * here before it answers. Its reasons are words alone; English ones are asked for.
 */
export async function createFederatedShare(
  http: OutboundClient,
  { base, token }: LinkServer,
  { address, password }: { readonly address: string; readonly password: string | null },
  ask: Ask,
): Promise<Created> {
  const url = `${base}/index.php/apps/federatedfilesharing/createFederatedShare`;
  const headers = {
    "content-type": "application/x-www-form-urlencoded",
    accept: "application/json",
    "accept-language": "en",
  };
  const body = new URLSearchParams({ shareWith: address, token, password: password ?? "" }).toString();
  return recorded(
    { what: "turn the link into a share", method: "POST", url },
    ask,
    async () => http.request({ url, method: "POST", headers, body, signal: ask.signal }),
    (answer) => outcomeOf(answer, password),
  );
}

const created = z.object({ remoteUrl: z.string() });
const refused = z.object({ message: z.string() });

function outcomeOf({ status, text }: OutboundResponse, password: string | null): Created {
  const body = jsonIn(text);
  if (status === 200 && created.safeParse(body).success) return { kind: "created" };
  if (status === 200) return trouble("answer-not-understood");
  const { message = null } = refused.safeParse(body).data ?? {};
  if (status === 400 && message !== null) return refusal(message, password);
  // There is no such route: it is no Nextcloud, or its operator switched federated sharing off.
  return status === 404 ? trouble("link-without-federation") : refusedBy(status);
}

/** The messages of reference/ocm.md 5.2. */
const meanings: readonly (readonly [RegExp, TroubleName | "shared-before" | "password"])[] = [
  [/already shared with/i, "shared-before"],
  [/^No permission to access the share/i, "password"],
  [/share does not exist anymore/i, "share-gone"],
  [/file drop not supported/i, "not-readable"],
  [/^Invalid Federated Cloud ID/i, "address-not-taken"],
  [/could not find/i, "site-not-reached"],
];

function refusal(message: string, password: string | null): Created {
  const meaning = meanings.find(([words]) => words.test(message))?.[1];
  if (meaning === "shared-before") return { kind: "shared-before" };
  if (meaning === "password") {
    return trouble(password === null ? "guest-password-needed" : "guest-password-rejected");
  }
  if (meaning !== undefined) return trouble(meaning);
  return trouble("link-not-converted", { said: oneLine(message, limits.remoteTextChars) });
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
