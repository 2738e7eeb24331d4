import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import swagger from "@fastify/swagger";
import { jsonSchemaTransform, jsonSchemaTransformObject } from "fastify-type-provider-zod";
import { z } from "zod";
import { isTooDeep } from "../../domain/json.ts";
import { limits } from "../../domain/limits.ts";
import type { Instance, PeerOperation, PeerReply, PeerRequest, PeerRoute } from "../peer-route.ts";
import { readInstance } from "../../store/instances.ts";
import { securityHeaders } from "./headers.ts";
import type { ServerParts } from "./parts.ts";
import { isTrustedProxy } from "./peer.ts";
import { Problem, problemOf, sendProblem } from "./problem.ts";
import type { WrongSecrets } from "./wrong-secrets.ts";

declare module "fastify" {
  interface FastifyRequest {
    instance: Instance | null;
  }
  interface FastifyContextConfig {
    takesBytes?: boolean;
  }
}

/**
 * What accounts' own hosts serve. It never listens: the site's app hands over requests for hosts other than its own. A host
 * that no account has finds nothing.
 */
export async function buildInstanceApp(
  parts: ServerParts,
  routes: readonly PeerRoute[],
  wrongSecrets: WrongSecrets,
): Promise<FastifyInstance> {
  const app = fastify({
    logger: false,
    trustProxy: (address: string | undefined) => isTrustedProxy(address, parts.settings().trustedProxies),
    bodyLimit: limits.serverBodyBytes,
    frameworkErrors: (error, _request, reply) => {
      sendProblem(reply.headers(securityHeaders), problemOf(error).text);
    },
  });
  // Each generation has errors of its own; routes read what they are sent themselves.
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => (body) => JSON.stringify(body));
  app.decorateRequest("instance", null);
  takeBodies(app);
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Usher instance host",
        version: "1",
        description: "What an account's own host serves to other Cozys.",
      },
      components: {
        securitySchemes: {
          bearer: { type: "http", scheme: "bearer" },
          basic: { type: "http", scheme: "basic" },
        },
      },
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
  guard(app, parts);
  for (const route of routes) mount(app, route, wrongSecrets);
  const { path, css } = parts.pages.stylesheet;
  app.get(path, { schema: { hide: true } }, (_request, reply) =>
    reply.type("text/css; charset=utf-8").header("cache-control", "public, max-age=3600").send(css),
  );
  app.get("/openapi.json", { schema: { hide: true } }, (_request, reply) => reply.send(app.swagger()));
  await app.ready();
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

function guard(app: FastifyInstance, parts: ServerParts): void {
  const { log, store } = parts;
  app.addHook("onRequest", async (request, reply) => {
    reply.headers(securityHeaders);
    const instance = await readInstance(store.db, request.host);
    if (instance === undefined) throw nothingHere();
    request.instance = instance;
  });
  app.addHook("onResponse", async (request, reply) => {
    const { method, routeOptions } = request;
    const fields = { method, route: routeOptions.url ?? null, status: reply.statusCode };
    log.debug("instance-request", { ...fields, account: request.instance?.accountName ?? null });
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
}

function nothingHere(): Problem {
  return new Problem({ status: 404, reason: "no-such-route", detail: "There is nothing here." });
}

function mount(app: FastifyInstance, route: PeerRoute, wrongSecrets: WrongSecrets): void {
  app.route({
    method: route.method,
    url: route.path,
    config: { takesBytes: route.takesBytes ?? false },
    ...(route.bodyBytes === undefined ? {} : { bodyLimit: route.bodyBytes }),
    schema: route.operation === null ? { hide: true } : described(route.operation),
    handler: async (request, reply) =>
      send(reply, await route.answer(peerRequest(request, reply, wrongSecrets))),
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

function peerRequest(request: FastifyRequest, reply: FastifyReply, wrongSecrets: WrongSecrets): PeerRequest {
  if (request.instance === null) throw new Error("A route was reached without an instance.");
  const gone = new AbortController();
  reply.raw.once("close", () => gone.abort());
  return {
    instance: request.instance,
    params: pathParams.parse(request.params ?? {}),
    query: new URLSearchParams(request.url.split("?")[1] ?? ""),
    headers: firstOfEach(request.headers),
    body: request.body ?? null,
    ip: request.ip,
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
  if (typeof body === "string" || Buffer.isBuffer(body)) return reply.send(body);
  if (reply.getHeader("content-type") === undefined) reply.type("application/json; charset=utf-8");
  // As bytes: the media type of JSON:API takes no parameter, and fastify gives texts a charset.
  return reply.send(Buffer.from(JSON.stringify(body)));
}
