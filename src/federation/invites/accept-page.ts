import { addressKey } from "../../domain/address.ts";
import type { PeerReply, PeerRequest } from "../../http/peer-route.ts";
import { type Invite, inviteOf } from "../../protocols/ocm/link.ts";
import { accountOfAddress } from "../../store/accounts.ts";
import type { Db } from "../../store/store.ts";
import type { FederationParts } from "../parts.ts";
import { bringInvite, mayBring } from "./bring.ts";
import {
  countedOut,
  formTokenFor,
  opensNothing,
  pageReply,
  readerLocale,
  readForm,
  shownHost,
} from "./page-form.ts";

const page = "invite-accept";

/**
 * GET /ocm/invite-accept, our `inviteAcceptDialog`: another server sent somebody here who says that he has an account. Nothing of
 * what the link says is proved, and nobody is asked about it.
 */
export async function showAccept(parts: FederationParts, request: PeerRequest<null>): Promise<PeerReply> {
  const invite = inviteIn(request);
  if (invite === null) return opensNothing(parts, request);
  return ask(parts, request, { invite, typed: "", hasProblem: false });
}

/**
 * POST: brings the invitation to the account of that address, which hears of it by mail like of any other. Whether there is one, the
 * answer does not tell; how often a network may ask, and how much waits for one account, is bounded.
 */
export async function takeAccept(parts: FederationParts, request: PeerRequest<null>): Promise<PeerReply> {
  const invite = inviteIn(request);
  if (invite === null) return opensNothing(parts, request);
  const form = readForm(parts, request, { page, token: invite.shareId });
  if (form.kind === "not-ours") return ask(parts, request, { invite, typed: "", hasProblem: false });
  const typed = form.address.trim();
  const key = addressKey(typed);
  if (key === null) return ask(parts, request, { invite, typed, hasProblem: true });
  const tooMany = countedOut(request);
  if (tooMany !== null) return tooMany;
  await parts.store.transaction(async (db) => bring(db, { key, invite }, parts));
  const provider = providerOf(invite);
  const html = (await parts.pages()).inviteNoted(readerLocale(request), { provider, address: typed });
  return pageReply(html);
}

/** Nothing where no account has the address, or enough waits for it. */
async function bring(
  db: Db,
  { key, invite }: { readonly key: string; readonly invite: Invite },
  parts: FederationParts,
): Promise<void> {
  const accountId = await accountOfAddress(db, key);
  if (accountId === undefined || !(await mayBring(db, accountId))) return;
  await parts.askAccount(db, await bringInvite(db, { accountId, invite }, parts));
}

function inviteIn({ query }: PeerRequest<null>): Invite | null {
  return inviteOf(query.get("token") ?? "", query.get("providerDomain") ?? "");
}

function providerOf({ origin }: Invite) {
  return shownHost(new URL(origin).host);
}

async function ask(
  parts: FederationParts,
  request: PeerRequest<null>,
  said: { readonly invite: Invite; readonly typed: string; readonly hasProblem: boolean },
): Promise<PeerReply> {
  const { invite, typed, hasProblem } = said;
  const formToken = formTokenFor(parts, page, invite.shareId);
  const asked = { provider: providerOf(invite), typed, hasProblem, formToken };
  const html = (await parts.pages()).inviteAccept(readerLocale(request), asked);
  return pageReply(html, hasProblem ? 400 : 200);
}
