import { limits } from "../../domain/limits.ts";
import { oneLine } from "../../domain/one-line.ts";
import { answerAddress } from "../../protocols/cozy-v1/received-links.ts";
import { type ReceivedSharing, readReceivedSharing } from "../../protocols/cozy-v1/received-sharing.ts";
import type { NotFollowed, TryLater } from "../../protocols/protocol.ts";
import type { Sealer } from "../../store/sealing.ts";
import { wasCodeUsed } from "../../store/cozy-clients.ts";
import { askCozy, notUnderstood } from "../ask-cozy.ts";
import { readClient } from "../oauth/metadata.ts";
import { readTokens } from "../oauth/tokens.ts";
import type { InstanceParts } from "../parts.ts";
import { sealClient, sealTokens } from "./credentials.ts";
import type { Received } from "./received-rows.ts";
import { type Answering, keepAccepted, newCode, notTaken } from "./recipient-answer.ts";

/**
 * POST redirect_uri?access_code&client_id&state=sharecode, server to server (reference/cozy.md 6): the sharer answers with the
 * sharing. A sharer that took the code and then says no has taken the answer before: its own answer was lost. What it told then,
 * above all what opens its Cozy, is lost with it, and nothing is told to it from then on. Null: the sharer has the answer.
 */
export async function answerByCode(
  parts: InstanceParts,
  { asked, received, ask }: Answering,
): Promise<NotFollowed | TryLater | null> {
  const wasTaken = await wasCodeUsed(parts.store.db, received.sharing.id);
  const url = answerAddress(asked.link, await newCode(parts, received));
  const reply = await askCozy(
    parts.http,
    { what: "accept the sharing", method: "POST", url, headers: { accept: "application/json" } },
    ask,
  );
  if (reply.kind !== "answered") {
    return wasTaken && reply.because === "server-error" ? keepAccepted(parts, received, {}) : reply;
  }
  if (reply.status === 201 || reply.status === 200) {
    const given = readReceivedSharing(reply.body);
    const kept = given?.documentId === asked.shareId ? columnsOf(parts.sealer, received, given) : null;
    return kept === null ? notUnderstood(asked.sharerUrl) : keepAccepted(parts, received, kept);
  }
  return reply.status < 400 ? notUnderstood(asked.sharerUrl) : notTaken(asked.sharerUrl, reply.status);
}

/** What is kept of the sharing; null where what should open the sharer's Cozy is no such thing. */
function columnsOf(sealer: Sealer, { sharer: { id } }: Received, given: ReceivedSharing) {
  const { credentials, sharingType, description, appSlug, sharerName, sharerAddress } = given;
  const client = readClient(credentials?.client);
  const tokens = readTokens(credentials?.tokens);
  if (credentials !== null && (client === null || tokens === null)) return null;
  return {
    ofSharing: {
      sharing_type: sharingType,
      description: oneLine(description, limits.titleChars) || null,
      app_slug: oneLine(appSlug, limits.nameChars) || null,
    },
    ofSharer: {
      client_sealed: client === null ? null : sealClient(sealer, id, client),
      token_sealed: tokens === null ? null : sealTokens(sealer, id, tokens),
      public_name: oneLine(sharerName, limits.nameChars) || null,
      address: oneLine(sharerAddress, limits.addressChars) || null,
    },
  };
}
