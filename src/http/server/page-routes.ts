import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Transaction } from "kysely";
import { z } from "zod";
import { limits } from "../../domain/limits.ts";
import {
  giveBackAnswerSecret,
  type OpenedSecret,
  readAnswerSecret,
  useAnswerSecret,
} from "../../store/answer-secrets.ts";
import { shownMail } from "../../store/kept-evidence.ts";
import { readNotification, type NotificationRow } from "../../store/notifications.ts";
import { readRecord } from "../../store/records.ts";
import type { Schema } from "../../store/schema.ts";
import type { Db } from "../../store/store.ts";
import { isFormToken, newFormToken } from "../../store/form-token.ts";
import type { Answered, Answers, AnsweredPage, AnswerPage, ServerParts } from "./parts.ts";
import { opensNothing, readForms, refuseForeignForm, sendPage } from "./page-answers.ts";
import type { WrongSecrets } from "./wrong-secrets.ts";

const url = "/answer/:secret";

interface Asked {
  readonly Params: { readonly secret: string };
}

/**
 * The page that a notice mail links to. GET shows and changes nothing, however often and by whomever it is asked; only
 * POST acts, once. Whoever holds the secret was mailed it, so nobody logs in.
 */
export function pageRoutes(app: FastifyInstance, parts: ServerParts, wrongSecrets: WrongSecrets): void {
  const { path, css } = parts.pages.stylesheet;
  app.get(path, { schema: { hide: true } }, async (_request, reply) =>
    reply.type("text/css; charset=utf-8").header("cache-control", "public, max-age=3600").send(css),
  );
  readForms(app);
  app.get<Asked>(url, { schema: { hide: true } }, async (request, reply) => {
    const { db } = parts.store;
    const opened = await readAnswerSecret(db, request.params.secret, Date.now());
    const row = opened && (await readNotification(db, opened.notificationId));
    if (opened === undefined || row === undefined) return opensNothing(request, reply, parts, wrongSecrets);
    const page = await pageOf(db, row, { opened, parts, secret: request.params.secret });
    return sendPage(reply, parts.pages.answer(opened.locale, page));
  });
  app.post<Asked>(url, { schema: { hide: true } }, async (request, reply) =>
    answer(request, reply, { parts, wrongSecrets }),
  );
}

interface Place {
  readonly opened: OpenedSecret;
  readonly parts: ServerParts;
  readonly secret: string;
}

async function pageOf(db: Db, row: NotificationRow, { opened, parts, secret }: Place): Promise<AnswerPage> {
  const canAnswer = answerable.has(row.state);
  return {
    title: row.title,
    module: row.module,
    isInvitation: row.protocol === "ocm-invite",
    sharerName: row.sharer_name,
    sharerAddress: row.sharer_address,
    origin: row.origin,
    state: row.state,
    reason: row.reason,
    detail: row.detail,
    evidence: shownMail(await readRecord(db, row.id))?.evidence ?? null,
    asksPassword: row.state === "needs-password",
    whyNot: (await parts.answers()).whyNotAccepted(row),
    form: canAnswer
      ? { action: `/answer/${secret}`, token: newFormToken(parts.sealer, opened.secretHash, Date.now()) }
      : null,
  };
}

const answerable: ReadonlySet<NotificationRow["state"]> = new Set([
  "held",
  "failed",
  "needs-password",
  "ignored",
]);

const formSchema = z.object({
  form: z.string().max(500),
  action: z.enum(["accept", "ignore"]),
  password: z.string().max(limits.sharePasswordChars).optional(),
  trust: z.literal("yes").optional(),
});

type Form = z.infer<typeof formSchema>;

async function answer(
  request: FastifyRequest<Asked>,
  reply: FastifyReply,
  { parts, wrongSecrets }: { readonly parts: ServerParts; readonly wrongSecrets: WrongSecrets },
): Promise<FastifyReply> {
  refuseForeignForm(request, parts.settings().publicUrl);
  const opened = await readAnswerSecret(parts.store.db, request.params.secret, Date.now());
  if (opened === undefined) return opensNothing(request, reply, parts, wrongSecrets);
  const form = formSchema.safeParse(request.body);
  if (!form.success || !isFormToken(parts.sealer, opened.secretHash, form.data.form, Date.now())) {
    // The page was open for too long, or was never loaded: it is shown anew.
    return reply.redirect(`/answer/${request.params.secret}`, 303);
  }
  const done = await actOnce(opened, form.data, parts);
  if (done === null) return opensNothing(request, reply, parts, wrongSecrets);
  return sendPage(reply, parts.pages.answered(opened.locale, done));
}

/** Uses the secret up and answers, in one transaction: killed in between, nothing has happened and the link still works. */
async function actOnce(opened: OpenedSecret, form: Form, parts: ServerParts): Promise<AnsweredPage | null> {
  const answers = await parts.answers();
  return parts.store.transaction(async (db) => {
    const isMine = await useAnswerSecret(db, opened.secretHash, Date.now());
    const row = await readNotification(db, opened.notificationId);
    if (!isMine || row === undefined) return null;
    const answered = await act(db, row.id, form, answers);
    if (answered.kind !== "planned") await giveBackAnswerSecret(db, opened.secretHash);
    const { title, sharer_name: sharerName, sharer_address: sharerAddress } = row;
    const isInvitation = row.protocol === "ocm-invite";
    return { title, isInvitation, sharerName, sharerAddress, ...outcomeOf(answered, form.action) };
  });
}

async function act(db: Transaction<Schema>, id: string, form: Form, answers: Answers): Promise<Answered> {
  if (form.action === "ignore") return answers.ignore(db, id, { by: "page" });
  const { password = "", trust } = form;
  return answers.accept(db, id, {
    by: "page",
    password: password === "" ? null : password,
    trust: trust === "yes",
  });
}

function outcomeOf(answered: Answered, action: Form["action"]): Pick<AnsweredPage, "outcome" | "detail"> {
  if (answered.kind === "not-found") return { outcome: "unchanged", detail: null };
  if (answered.kind === "unchanged") return { outcome: "unchanged", detail: answered.why };
  const { note, trust } = answered;
  return {
    outcome: action === "accept" ? "accepted" : "ignored",
    detail: note ?? (trust?.kind === "not-trusted" ? trust.because : null),
  };
}
