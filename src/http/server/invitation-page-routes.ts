import { timingSafeEqual } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { invitationPath, pagePurpose, pageSecretIn } from "../../domain/invitation-page.ts";
import type { Sealer } from "../../store/sealing.ts";
import { isFormToken, newFormToken } from "../../store/form-token.ts";
import { invitationPolicy } from "./headers.ts";
import { opensNothing, readForms, refuseForeignForm, sendPage } from "./page-answers.ts";
import type { ServerParts } from "./parts.ts";
import type { InvitationAnsweredPage, RecipientAnswered, ShownInvitation } from "./sharing-parts.ts";
import type { WrongSecrets } from "./wrong-secrets.ts";

const url = "/invitation/:secret";
const muteUrl = `${url}/mute`;

interface Asked {
  readonly Params: { readonly secret: string };
}

/**
 * The page that invitations link to. GET shows and changes nothing; POST opens the share, declines it, or ends invitations
 * of its sharer, and does the same however often it is asked. Whoever holds the secret was mailed it, so nobody logs in.
 */
export function invitationPageRoutes(
  app: FastifyInstance,
  parts: ServerParts,
  wrongSecrets: WrongSecrets,
): void {
  readForms(app);
  app.addContentTypeParser("multipart/form-data", { parseAs: "string" }, (_request, body, done) =>
    done(null, isOneClickPart(String(body)) ? oneClick : {}),
  );
  const schema = { hide: true };
  // Clients that know nothing of RFC 8058 open the link of List-Unsubscribe.
  for (const path of [url, muteUrl]) {
    app.get<Asked>(path, { schema }, async (request, reply) => {
      const opened = await openPage(request.params.secret, parts);
      if (opened === undefined) return opensNothing(request, reply, parts, wrongSecrets);
      return showPage(reply, opened, parts);
    });
  }
  app.post<Asked>(url, { schema }, async (request, reply) => {
    refuseForeignForm(request, parts.settings().publicUrl);
    const opened = await openPage(request.params.secret, parts);
    if (opened === undefined) return opensNothing(request, reply, parts, wrongSecrets);
    return act(request, reply, opened, parts);
  });
  app.post<Asked>(muteUrl, { schema }, async (request, reply) => {
    const opened = await openPage(request.params.secret, parts);
    if (opened === undefined) return opensNothing(request, reply, parts, wrongSecrets);
    if (!oneClickSchema.safeParse(request.body).success) return reply.redirect(opened.path, 303);
    await parts.store.transaction(async (db) => parts.sharings.mute(db, opened.recipientId));
    return showAnswered(reply, opened, "muted", parts);
  });
}

/** RFC 8058 section 3.1; programs send it, without any form of ours. */
const oneClick = { "List-Unsubscribe": "One-Click" } as const;
const oneClickSchema = z.object({ "List-Unsubscribe": z.literal("One-Click") });

/** The same as a part of multipart/form-data (RFC 7578). */
function isOneClickPart(body: string): boolean {
  return /name="?List-Unsubscribe"?[^\n]*\r?\n(?:[^\r\n]+\r?\n)*\r?\nOne-Click\r?\n/i.test(body);
}

interface OpenedPage {
  readonly recipientId: string;
  /** Holds the secret. */
  readonly path: string;
  readonly shown: ShownInvitation;
}

/** Undefined where the secret is wrong, and where its recipient is gone. */
async function openPage(
  piece: string,
  { sealer, sharings }: Pick<ServerParts, "sealer" | "sharings">,
): Promise<OpenedPage | undefined> {
  const secret = pageSecretIn(piece);
  if (secret === null || !isRight(secret, sealer)) return undefined;
  const { recipientId } = secret;
  const shown = await sharings.shown(recipientId);
  return shown && { recipientId, path: invitationPath(secret), shown };
}

function isRight(
  { recipientId, mac }: { readonly recipientId: string; readonly mac: string },
  sealer: Sealer,
): boolean {
  return timingSafeEqual(Buffer.from(mac), Buffer.from(sealer.mac(pagePurpose, recipientId)));
}

function showPage(
  reply: FastifyReply,
  { recipientId, path, shown: { locale, ...shown } }: OpenedPage,
  { pages, sealer }: ServerParts,
): FastifyReply {
  const form = { action: path, token: newFormToken(sealer, recipientId, Date.now()) };
  reply.header("content-security-policy", invitationPolicy);
  return sendPage(reply, pages.invitation(locale, { ...shown, form }));
}

const formSchema = z.object({ form: z.string().max(500), action: z.enum(["open", "refuse", "mute"]) });

async function act(
  request: FastifyRequest,
  reply: FastifyReply,
  opened: OpenedPage,
  parts: ServerParts,
): Promise<FastifyReply> {
  const form = formSchema.safeParse(request.body);
  const { recipientId, path } = opened;
  if (!form.success || !isFormToken(parts.sealer, recipientId, form.data.form, Date.now())) {
    // The page was open for too long, or was never loaded: it is shown anew.
    return reply.redirect(path, 303);
  }
  const { action } = form.data;
  const done = await parts.store.transaction(async (db) => {
    if (action === "open") return parts.sharings.open(db, recipientId);
    if (action === "mute") return parts.sharings.mute(db, recipientId);
    return parts.sharings.answered(db, recipientId, { answer: "refused", by: "page" });
  });
  if (done.kind === "opened") return reply.redirect(done.link, 303);
  return showAnswered(reply, opened, outcomeOf(done, action === "mute" ? "muted" : "refused"), parts);
}

function outcomeOf(
  done: RecipientAnswered,
  outcome: InvitationAnsweredPage["outcome"],
): InvitationAnsweredPage["outcome"] {
  if (done.kind === "ended") return done.because;
  // Removed with its account while the page was open.
  return done.kind === "not-found" ? "revoked" : outcome;
}

function showAnswered(
  reply: FastifyReply,
  { shown: { locale, title, sharerName, sharerAddress } }: OpenedPage,
  outcome: InvitationAnsweredPage["outcome"],
  { pages }: ServerParts,
): FastifyReply {
  return sendPage(reply, pages.invitationAnswered(locale, { title, sharerName, sharerAddress, outcome }));
}
