import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { Readable } from "node:stream";
import { z } from "zod";
import { isTooDeep } from "../../domain/json.ts";
import { limits } from "../../domain/limits.ts";
import type { PeerOperation, PeerReply, PeerRequest, PeerRoute } from "../peer-route.ts";
import { securityHeaders } from "./headers.ts";
import type { ServerParts } from "./parts.ts";
import { isTrustedProxy } from "./peer.ts";
import { Problem, problemOf, sendProblem } from "./problem.ts";
import { networkOf, type WrongSecrets } from "./wrong-secrets.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    takesBytes?: boolean;
  }
}

/** What routes of foreign protocols need around them. */
export interface PeerApp<Host> {
  readonly parts: ServerParts;
  readonly wrongSecrets: WrongSecrets;
  /** Whose routes these are; called in the handler, when the request was admitted. */
  readonly hostOf: (request: FastifyRequest) => Host;
  /** Says in the log what was asked. */
  readonly told: (
    request: FastifyRequest,
    fields: { readonly method: string; readonly route: string | null; readonly status: number },
  ) => void;
}

/** A server for them that never listens: the site's app hands requests over. Nothing is checked before a route reads it. */
export function peerApp<Host>({ parts, told }: PeerApp<Host>): FastifyInstance {
  const { log } = parts;
  const app = fastify({
    logger: false,
    trustProxy: (address: string | undefined) => isTrustedProxy(address, parts.settings().trustedProxies),
    bodyLimit: limits.serverBodyBytes,
    frameworkErrors: (error, _request, reply) => {
      sendProblem(reply.headers(securityHeaders), problemOf(error).text);
    },
  });
  for (const method of ["PROPFIND", "MKCOL", "MOVE"]) app.addHttpMethod(method, { hasBody: true });
  // Each protocol has errors of its own; routes read what they are sent themselves.
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => (body) => JSON.stringify(body));
  takeBodies(app);
  app.addHook("onResponse", async (request, reply) => {
    const { method, routeOptions } = request;
    told(request, { method, route: routeOptions.url ?? null, status: reply.statusCode });
  });
  app.setNotFoundHandler(() => {
    throw nothingHere();
  });
  app.setErrorHandler((error, request, reply) => {
    const { text, isFault } = problemOf(error);
    if (isFault) {
      log.error("request-failed", { method: request.method, route: request.routeOptions.url ?? null, error });
    }
    return sendProblem(reply, text);
  });
  return app;
}

/** JSON of any type of it and forms are parsed; all else is bytes. An empty body is none, whatever its type says. */
function takeBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (request, bytes: Buffer, done) => {
    const type = (request.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
    if (request.routeOptions.config.takesBytes === true) return done(null, bytes);
    if (bytes.length === 0) return done(null, null);
    if (type === "application/x-www-form-urlencoded") {
      return done(null, Object.fromEntries(new URLSearchParams(bytes.toString("utf8"))));
    }
    if (!/^application\/(?:[\w.-]+\+)?json$/.test(type)) return done(null, bytes);
    const body = parsed(bytes);
    done(body === undefined ? notJson() : null, body);
  });
}

/** Undefined for what is no JSON, or deeper than documents are. */
function parsed(bytes: Buffer): unknown {
  try {
    const body: unknown = JSON.parse(bytes.toString("utf8"));
    return isTooDeep(body) ? undefined : body;
  } catch {
    return undefined;
  }
}

function notJson(): Problem {
  const detail = `The body is not JSON, or has more than ${limits.jsonLevels} levels; send a JSON document.`;
  return new Problem({ status: 400, reason: "not-json", detail });
}

/** Uniform for what is not there and what nobody may know of. */
export function nothingHere(): Problem {
  return new Problem({ status: 404, reason: "no-such-route", detail: "There is nothing here." });
}

/** Serves one route. */
export function mount<Host>(app: FastifyInstance, route: PeerRoute<Host>, around: PeerApp<Host>): void {
  app.route({
    method: route.method,
    url: route.path,
    config: { takesBytes: route.takesBytes ?? false },
    ...(route.bodyBytes === undefined ? {} : { bodyLimit: route.bodyBytes }),
    schema: route.operation === null ? { hide: true } : described(route.operation),
    onRequest: async (request, reply) => {
      const refusal = (await route.admit?.(peerRequest(request, reply, around))) ?? null;
      return refusal === null ? undefined : send(reply, refusal);
    },
    handler: async (request, reply) => send(reply, await route.answer(peerRequest(request, reply, around))),
  });
}

function described(operation: PeerOperation): object {
  const replies = Object.entries(operation.replies).map(
    ([status, { description, body }]): [string, object] => {
      // Null is how the description says that there is no body.
      if (body === undefined) return [status, z.null().describe(description)];
      return [status, { description, content: { "application/json": { schema: body } } }];
    },
  );
  return {
    operationId: operation.id,
    summary: operation.summary,
    tags: [operation.tag],
    ...(operation.security === null ? {} : { security: [{ [operation.security]: [] }] }),
    ...(operation.query === undefined ? {} : { querystring: operation.query }),
    ...(operation.body === undefined ? {} : { body: operation.body }),
    response: Object.fromEntries(replies),
  };
}

function peerRequest<Host>(
  request: FastifyRequest,
  reply: FastifyReply,
  { hostOf, wrongSecrets }: PeerApp<Host>,
): PeerRequest<Host> {
  const gone = new AbortController();
  reply.raw.once("close", () => gone.abort());
  return {
    instance: hostOf(request),
    method: request.method,
    target: request.url,
    params: pathParams.parse(request.params ?? {}),
    query: new URLSearchParams(request.url.split("?")[1] ?? ""),
    headers: firstOfEach(request.headers),
    body: request.body ?? null,
    network: networkOf(request.ip),
    countWrongSecret: () => wrongSecrets.count(request.ip),
    signal: gone.signal,
  };
}

const pathParams = z.record(z.string(), z.string());

function firstOfEach(headers: FastifyRequest["headers"]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => {
      const first = Array.isArray(value) ? value[0] : value;
      return first === undefined ? [] : [[name, first]];
    }),
  );
}

function send(reply: FastifyReply, { status, headers = {}, body = null }: PeerReply): FastifyReply {
  reply.code(status).headers(headers);
  if (body === null) return reply.send();
  if (typeof body === "string" || Buffer.isBuffer(body) || body instanceof Readable) return reply.send(body);
  if (reply.getHeader("content-type") === undefined) reply.type("application/json; charset=utf-8");
  // As bytes: the media type of JSON:API takes no parameter, and fastify gives texts a charset.
  return reply.send(Buffer.from(JSON.stringify(body)));
}
