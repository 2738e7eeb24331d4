import type { Reply } from "../faulty-answers.ts";
import { serveShare } from "../ocm/share-root.ts";
import { isOver, type SentShare } from "../ocm/shares.ts";
import { authorizationOf, type OcmRequest } from "../ocm/wire.ts";
import type { NextcloudState } from "./state.ts";

/** /public.php/webdav/: Basic with the secret and no password; on the master line also Bearer with an access token. */
export function serveWebdavRoot(state: NextcloudState, request: OcmRequest, below: string): Reply {
  return serveShare(request, below, opened(state, request), state.refuse);
}

function opened(state: NextcloudState, request: OcmRequest): SentShare | null {
  const shown = authorizationOf(request);
  if (shown.kind === "none") return null;
  if (shown.kind === "bearer") return openedByToken(state, shown.token);
  const share = state.sent.find((each) => each.secret === shown.user && !isOver(each));
  if (share === undefined) return null;
  if (shown.password !== "") {
    state.refuse("WebDAV with a password beside the secret");
    return null;
  }
  if (share.exchanges === 0) return share;
  state.refuse("WebDAV with a secret that was exchanged for a token");
  return null;
}

/** 32 refuses Bearer whatever it holds. */
function openedByToken({ generation, sent, now }: NextcloudState, token: string): SentShare | null {
  if (generation === 32) return null;
  const share = sent.find((each) => each.accessToken?.token === token && !isOver(each));
  return share !== undefined && (share.accessToken?.expiresAt ?? 0) > now() ? share : null;
}
