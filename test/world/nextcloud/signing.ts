import type { Answered } from "../ocm/caller.ts";
import { cavageFields } from "../ocm/cavage.ts";
import type { Discovered } from "../ocm/discovery.ts";
import { messageFields } from "../ocm/message-signature.ts";
import type { NextcloudState } from "./state.ts";

type Signer = Pick<NextcloudState, "key" | "now" | "call">;

/** Posts a signed body; 32 signs for everybody, the master line for those who say `http-sig`. */
export async function postSigned(
  state: Signer,
  to: Discovered,
  url: string,
  what: { readonly type: string; readonly body: string },
): Promise<Answered> {
  const at = new URL(url);
  const date = new Date(state.now());
  const signature =
    state.key.kind === "cavage"
      ? cavageFields(state.key.own, at, what.body, date)
      : to.capabilities.includes("http-sig")
        ? messageFields(state.key.own, at, what.body, date)
        : {};
  return state.call({
    method: "POST",
    url,
    headers: { "Content-Type": what.type, Accept: "application/json", ...signature },
    body: what.body,
  });
}
