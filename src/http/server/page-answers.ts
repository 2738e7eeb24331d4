import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { isForeignForm } from "../../domain/foreign-form.ts";
import type { ServerParts } from "./parts.ts";
import { Problem } from "./problem.ts";
import type { WrongSecrets } from "./wrong-secrets.ts";

/** Lets routes that are added after it read what forms send. */
export function readForms(app: FastifyInstance): void {
  app.addContentTypeParser(
    "application/x-www-form-urlencoded",
    { parseAs: "string" },
    (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  );
}

/** A form of another site is refused. */
export function refuseForeignForm(request: FastifyRequest, publicUrl: string): void {
  const { origin, "sec-fetch-site": site } = request.headers;
  if (!isForeignForm({ site, origin }, publicUrl)) return;
  throw new Problem({
    status: 403,
    reason: "foreign-form",
    detail: "The answer came from a page of another site; open the link of the mail and answer there.",
  });
}

/** Unknown, used and expired secrets look the same. */
export function opensNothing(
  request: FastifyRequest,
  reply: FastifyReply,
  parts: ServerParts,
  wrongSecrets: WrongSecrets,
): FastifyReply {
  const waitMs = wrongSecrets.count(request.ip);
  if (waitMs !== null) {
    throw new Problem({
      status: 429,
      reason: "too-many-wrong-links",
      detail:
        "Too many links that open nothing were asked for from this address; wait as long as Retry-After says.",
      headers: { "retry-after": String(Math.ceil(waitMs / 1000)) },
    });
  }
  const [language = null] = request.headers["accept-language"]?.split(/[,;]/) ?? [];
  return sendPage(reply.code(404), parts.pages.noLongerValid(language));
}

/** A whole HTML document. */
export function sendPage(reply: FastifyReply, html: string): FastifyReply {
  return reply.type("text/html; charset=utf-8").send(html);
}
