import { isAcceptable } from "../../domain/cloud-invite.ts";
import { limits } from "../../domain/limits.ts";
import type { InvitePage, InviteProblem } from "../../http/peer-pages.ts";
import type { PeerReply, PeerRequest } from "../../http/peer-route.ts";
import { acceptDialogLink, inviteForms, readTypedHome } from "../../protocols/ocm/given-invite.ts";
import { type GivenInvite, inviteByToken, standingOf } from "../../store/ocm-invites.ts";
import { readRecipient } from "../../store/invited.ts";
import { readSharer } from "../../store/sharings.ts";
import type { FederationParts } from "../parts.ts";
import {
  countedOut,
  formTokenFor,
  opensNothing,
  pageReply,
  readerLocale,
  readForm,
  shownHost,
} from "./page-form.ts";

/** An invitation whose link was opened, with whoever gave it. */
interface Opened {
  /** Secret. */
  readonly token: string;
  /** `https://host[:port]` of the site. */
  readonly site: string;
  readonly sharerName: string;
  readonly locale: string;
}

const page = "invite";

/** GET /ocm/invite: asks where the reader is at home. Asks nobody, and changes nothing. */
export async function showWayf(parts: FederationParts, request: PeerRequest<null>): Promise<PeerReply> {
  const opened = await open(parts, request);
  return opened === null ? opensNothing(parts, request) : ask(parts, opened, { typed: "", problem: null });
}

/**
 * POST /ocm/invite: looks at the server that the reader named, and shows where he would go on. He goes there by himself: nobody is
 * ever led to a host that he has not seen (reference/ocm.md 9).
 */
export async function takeWayf(parts: FederationParts, request: PeerRequest<null>): Promise<PeerReply> {
  const opened = await open(parts, request);
  if (opened === null) return opensNothing(parts, request);
  const form = readForm(parts, request, { page, token: opened.token });
  if (form.kind === "not-ours") return ask(parts, opened, { typed: "", problem: null });
  const typed = form.home.trim() === "" ? form.server : form.home;
  const host = readTypedHome(typed);
  if (host === null) return ask(parts, opened, { typed, problem: "not-an-address" });
  // Each is a request to a host that a stranger names.
  const tooMany = countedOut(request);
  if (tooMany !== null) return tooMany;
  const home = await lookAt(parts, request, { host, opened });
  return "problem" in home
    ? ask(parts, opened, { typed, problem: home.problem })
    : showHome(parts, opened, { host, link: home.link });
}

/** Null where the link opens nothing, whatever the reason. */
async function open(parts: FederationParts, request: PeerRequest<null>): Promise<Opened | null> {
  const token = request.query.get("token") ?? "";
  const site = parts.siteUrl();
  const { db } = parts.store;
  const invite = await inviteByToken(db, token);
  if (invite === undefined || site === null || !isAcceptable(standingOf(invite), Date.now())) return null;
  const sharer = await readSharer(db, { id: invite.account_id });
  if (sharer === undefined) return null;
  return { token, site, sharerName: sharer.name, locale: await localeFor(parts, request, invite) };
}

/** Of the mail that brought it, where one did. */
async function localeFor(
  { store }: FederationParts,
  request: PeerRequest<null>,
  { recipient_id: id }: GivenInvite,
): Promise<string> {
  const recipient = id === null ? undefined : await readRecipient(store.db, id);
  return recipient?.locale ?? readerLocale(request);
}

async function ask(
  parts: FederationParts,
  { token, sharerName, locale }: Opened,
  said: Pick<InvitePage, "typed" | "problem">,
): Promise<PeerReply> {
  const { servers } = parts.settings();
  const formToken = formTokenFor(parts, page, token);
  const html = (await parts.pages()).invite(locale, { sharerName, servers, formToken, ...said });
  return pageReply(html, said.problem === null ? 200 : 400);
}

type Home = { readonly link: string | null } | { readonly problem: InviteProblem };

async function lookAt(
  parts: FederationParts,
  request: PeerRequest<null>,
  { host, opened }: { readonly host: string; readonly opened: Opened },
): Promise<Home> {
  const { token, site } = opened;
  const invite = { token, provider: new URL(site).host };
  if (host === invite.provider) return { link: acceptDialogLink("/ocm/invite-accept", here(site), invite) };
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(limits.ocmTypedHomeMs)]);
  const found = await parts.peers.discover(host, { signal, record: () => undefined });
  if (found.kind === "try-later") return { problem: "not-reached" };
  if (found.kind === "no-peer") return { problem: "not-a-cloud" };
  return { link: acceptDialogLink(found.peer.inviteAcceptDialog, found.peer, invite) };
}

function here(site: string): { readonly host: string; readonly origin: string } {
  const { host, origin } = new URL(site);
  return { host, origin };
}

async function showHome(
  parts: FederationParts,
  { token, site, sharerName, locale }: Opened,
  { host, link }: { readonly host: string; readonly link: string | null },
): Promise<PeerReply> {
  const { code, inviteString } = inviteForms(site, token);
  const home = { sharerName, home: shownHost(host), link, code, inviteString };
  return pageReply((await parts.pages()).inviteHome(locale, home));
}
