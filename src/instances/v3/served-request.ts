import { limits } from "../../domain/limits.ts";
import { oneLine } from "../../domain/one-line.ts";
import type { ShareNotification } from "../../domain/share.ts";
import type { Instance, PeerReply, PeerRequest } from "../../http/peer-route.ts";
import { isAppHostOf, parseCozyLink } from "../../protocols/cozy/link.ts";
import { isMemberState, readSharing, type RequestedSharing } from "../../protocols/cozy/wire.ts";
import { cozyTokenBySecret, keepCozyToken } from "../../store/cozy-clients.ts";
import {
  cozySharingByDocument,
  deleteUnansweredCozySharings,
  hashOf,
  updateCozySharing,
} from "../../store/cozy-sharings.ts";
import type { Db } from "../../store/store.ts";
import { documentReply, JsonApiError } from "../json-api.ts";
import type { InstanceParts } from "../parts.ts";
import { sharingScope } from "./credentials.ts";
import type { RequestGate } from "./recipient-gate.ts";
import { type KeptRequest, keepRequest, readReceived, receivedOf } from "./recipient-rows.ts";

/** What leads to an answer: a link of the sharer's, or for a drive the state alone (reference/cozy.md 7.4). */
interface Offer {
  readonly variant: string;
  readonly link: string;
  readonly shareId: string;
  /** Code or state. */
  readonly secret: string;
}

/**
 * PUT /sharings/:id (reference/cozy.md 7.4): another Cozy asks to share. It is not authenticated, so that it changes nothing
 * that the account accepted, and what a notification would offer must lie at the Cozy that the request names as owner.
 */
export async function receiveRequest(
  parts: InstanceParts,
  gate: RequestGate,
  request: PeerRequest,
): Promise<PeerReply> {
  const { instance, query } = request;
  const nowMs = Date.now();
  const kept = { ...readKept(request), accountId: instance.accountId };
  const offer = query.get("shortcut") === "true" ? offerIn(request, kept) : null;
  const waitMs = gate.take({ ...kept, sharerUrl: kept.ownerUrl }, nowMs);
  if (waitMs !== null) throw tooMany(waitMs);
  await parts.store.transaction(async (db) => {
    await refuseKnown(db, kept, gate);
    if (offer === null && (await isOffered(db, kept, gate))) return;
    await deleteUnansweredCozySharings(db, kept.accountId, "v3", nowMs - limits.cozyRequestKeptMs);
    const id = await keepRequest(db, { ...kept, secret: offer?.secret ?? null }, parts, nowMs);
    await keepDriveToken(db, id, kept, nowMs);
    if (offer === null) return;
    const key = `cozy:${hashOf(offer.link)}`;
    const share = shareOf(kept, offer);
    await updateCozySharing(db, id, { notification_id: await parts.announce(db, { instance, share, key }) });
  });
  const host = new URL(kept.ownerUrl).host;
  parts.tell("sharing-requested", { account: instance.accountName, generation: "v3", sharer: host });
  return documentReply(201, documentOf(kept, instance));
}

type ReadRequest = Omit<KeptRequest, "accountId" | "secret">;

function readKept({ params, body, instance }: PeerRequest): ReadRequest {
  const documentId = params["id"] ?? "";
  const asked = readSharing(body);
  if (asked === null || !/^[0-9a-f]{32}$/.test(documentId)) {
    throw invalid("The document is no sharing: rules, and members with the owner first.");
  }
  const [owner] = asked.members;
  const ownerUrl = owner?.instanceUrl ?? null;
  const selfPlace = asked.members.findIndex(
    ({ instanceUrl }, place) => place > 0 && instanceUrl === instance.url,
  );
  if (ownerUrl === null || ownerUrl === instance.url) {
    throw invalid("The first member is the owner, with the https address of another Cozy.");
  }
  if (selfPlace < 0) throw invalid("No member has the address of this Cozy.");
  return { documentId, asked, ownerUrl, selfPlace };
}

function invalid(detail: string): JsonApiError {
  return new JsonApiError(400, { detail });
}

/**
 * Reference/cozy.md 7.4: 400 for the account's own sharing, 409 for one that it has accepted. While an answer is under way only
 * a request that the account asked for may change what it answers.
 */
async function refuseKnown(db: Db, { accountId, documentId }: KeptKey, gate: RequestGate): Promise<void> {
  const known = await cozySharingByDocument(db, accountId, "v3", documentId);
  if (known === undefined) return;
  const received = known.is_owner === 1 ? null : await receivedOf(db, known);
  if (known.is_owner === 1) throw invalid("Sharing is not in the expected state");
  const isAnswering = received !== null && received.owner.secret_sealed !== null;
  if (known.is_active === 1 || (isAnswering && !gate.isWaitedFor(accountId, documentId))) {
    throw new JsonApiError(409, { detail: "Sharing already accepted by this recipient" });
  }
}

/** Whether the account was shown an offer of it: a request that offers nothing, and is not waited for, changes nothing of that. */
async function isOffered(db: Db, { accountId, documentId }: KeptKey, gate: RequestGate): Promise<boolean> {
  if (gate.isWaitedFor(accountId, documentId)) return false;
  const known = await readReceived(db, accountId, documentId);
  return known !== null && known.sharing.revoked_at === null && known.self.secret_hash !== null;
}

type KeptKey = Pick<KeptRequest, "accountId" | "documentId">;

/** Throws JsonApiError where the request would have the account told of a link that is not the owner's. */
function offerIn({ query, instance }: PeerRequest, { asked, documentId, ownerUrl }: ReadRequest): Offer {
  const url = query.get("url");
  if (url === null) return driveOffer(asked, documentId, instance);
  const link = parseCozyLink(url);
  const ownerHost = new URL(ownerUrl).host;
  const isBound =
    link?.variant === "discovery"
      ? link.origin === ownerUrl && link.shareId === documentId
      : link?.variant === "preview" && isAppHostOf(link.host, ownerHost);
  if (link === null || !isBound) {
    throw new JsonApiError(422, {
      detail: "The link does not lead to the owner of the sharing.",
      parameter: "url",
    });
  }
  const state = new URL(link.href).searchParams.get("state");
  const secret = link.sharecode?.code ?? state ?? "";
  return { variant: link.variant, link: link.href, shareId: link.shareId, secret };
}

function driveOffer({ drive, credentials }: RequestedSharing, documentId: string, { url }: Instance): Offer {
  const state = credentials[0]?.state ?? "";
  if (!drive || !isMemberState(state)) {
    throw new JsonApiError(422, {
      detail: "A shortcut needs a link, or the state of a drive.",
      parameter: "url",
    });
  }
  const link = `${url}/auth/authorize/sharing?sharing_id=${documentId}&state=${state}`;
  return { variant: "shortcut", link, shareId: documentId, secret: state };
}

function shareOf({ asked, ownerUrl }: ReadRequest, { variant, link, shareId }: Offer): ShareNotification {
  const [owner] = asked.members;
  return {
    protocol: "cozy",
    variant,
    origin: ownerUrl,
    link,
    shareId,
    recipientKind: "member",
    module: null,
    folder: null,
    item: null,
    sharer: {
      name: oneLine(owner?.publicName ?? "", limits.nameChars),
      address: oneLine(owner?.email ?? "", limits.addressChars),
    },
    title: oneLine(asked.description, limits.titleChars) || null,
  };
}

/** With the token of a drive its owner says that it ended, also where nobody accepted it (reference/cozy.md 8.2). */
async function keepDriveToken(
  db: Db,
  id: string,
  { asked, accountId, documentId }: KeptRequestBase,
  nowMs: number,
) {
  const token = asked.drive ? (asked.credentials[0]?.drive_token ?? "") : "";
  if (token === "") return;
  const wanted = { accountId, kind: "access", secret: token } as const;
  if ((await cozyTokenBySecret(db, wanted, nowMs)) !== undefined)
    throw invalid("The token of the drive is not new.");
  const row = { account_id: accountId, client_id: null, cozy_sharing_id: id, kind: "access" } as const;
  await keepCozyToken(db, token, { ...row, scope: sharingScope(documentId), expires_at: null }, nowMs);
}

type KeptRequestBase = Omit<KeptRequest, "secret">;

function tooMany(waitMs: number): JsonApiError {
  const retryAfter = String(Math.ceil(waitMs / 1000));
  return new JsonApiError(
    429,
    { detail: "Too many requests. Please try later" },
    { "retry-after": retryAfter },
  );
}

/** What the sharer gets back: what was kept, without names and addresses. */
function documentOf({ documentId, asked }: ReadRequest, { url }: Instance): object {
  const { description, app_slug, rules, drive, open_sharing } = asked;
  const attributes = { description, app_slug, open_sharing, drive, rules, members: [{ instance: url }] };
  const links = { self: `/sharings/${documentId}` };
  return { data: { type: "io.cozy.sharings", id: documentId, attributes, links } };
}
