import fastify, { type FastifyInstance, type FastifyRequest } from "fastify";
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";
import { performance } from "node:perf_hooks";
import { limits } from "../../domain/limits.ts";
import { readInstance } from "../../store/instances.ts";
import type { Api } from "./api.ts";
import { requireToken } from "./caller.ts";
import { buildFederationApp, isFederationPath } from "./federation-app.ts";
import { federatedRoutes } from "./federated-routes.ts";
import { fileRoutes } from "./file-routes.ts";
import { securityHeaders } from "./headers.ts";
import { healthRoutes } from "./health-routes.ts";
import { buildInstanceApp } from "./instance-app.ts";
import { inviteRoutes } from "./invite-routes.ts";
import { invitationPageRoutes } from "./invitation-page-routes.ts";
import { jobRoutes } from "./job-routes.ts";
import { notificationRoutes } from "./notification-routes.ts";
import { describeApi } from "./openapi.ts";
import { pageRoutes } from "./page-routes.ts";
import type { ServerParts } from "./parts.ts";
import { isForHost, isTrustedProxy } from "./peer.ts";
import { Problem, problemOf, sendProblem } from "./problem.ts";
import { recipientRoutes } from "./recipient-routes.ts";
import { sharingRoutes } from "./sharing-routes.ts";
import { subscriptionRoutes } from "./subscription-routes.ts";
import { createWrongSecrets, type WrongSecrets } from "./wrong-secrets.ts";

/** All routes, not yet listening. */
export async function buildApp(parts: ServerParts): Promise<FastifyInstance> {
  const app = fastify({
    logger: false,
    trustProxy: (address: string | undefined) => isTrustedProxy(address, parts.settings().trustedProxies),
    bodyLimit: limits.serverBodyBytes,
    requestTimeout: limits.serverRequestMs,
    connectionTimeout: limits.serverSilenceMs,
    keepAliveTimeout: limits.serverKeepAliveMs,
    http: { headersTimeout: limits.serverHeadersMs },
    frameworkErrors: (error, _request, reply) => {
      sendProblem(reply.headers(securityHeaders), problemOf(error).text);
    },
    clientErrorHandler: (_error, socket) => {
      if (socket.writable)
        socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      else socket.destroy();
    },
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.decorateRequest("caller", null);
  const wrongSecrets = createWrongSecrets(() => performance.now());
  guard(app, parts, {
    instances: lazily(app, async () => buildInstanceApp(parts, await parts.instanceRoutes(), wrongSecrets)),
    federation: lazily(app, async () =>
      buildFederationApp(parts, await parts.federationRoutes(), wrongSecrets),
    ),
  });
  const api = app.withTypeProvider<ZodTypeProvider>();
  await describeApi(api);
  healthRoutes(api, parts);
  await app.register(
    async (inner) => apiRoutes(inner.withTypeProvider<ZodTypeProvider>(), parts, wrongSecrets),
    { prefix: "/api/v1" },
  );
  await app.register(async (inner) => pageRoutes(inner, parts, wrongSecrets));
  await app.register(async (inner) => invitationPageRoutes(inner, parts, wrongSecrets));
  await app.ready();
  return app;
}

function apiRoutes(api: Api, parts: ServerParts, wrongSecrets: WrongSecrets): void {
  api.addHook("onRequest", requireToken(parts, wrongSecrets));
  notificationRoutes(api, parts);
  subscriptionRoutes(api, parts);
  fileRoutes(api, parts);
  sharingRoutes(api, parts);
  inviteRoutes(api, parts);
  federatedRoutes(api, parts);
  recipientRoutes(api, parts);
  jobRoutes(api, parts);
  api.get("/openapi.json", { schema: { hide: true } }, (_request, reply) => reply.send(api.swagger()));
}

/** Loaded with the first request for it, and closed with the site's. */
function lazily(app: FastifyInstance, build: () => Promise<FastifyInstance>): () => Promise<FastifyInstance> {
  let loading: Promise<FastifyInstance> | null = null;
  app.addHook("onClose", async () => {
    await (await loading?.catch(() => null))?.close();
  });
  return async () => (loading ??= build());
}

/** Apps beside the site's own, to which requests are handed over. */
interface OtherApps {
  readonly instances: () => Promise<FastifyInstance>;
  readonly federation: () => Promise<FastifyInstance>;
}

/** What holds for every request, known route or not. */
function guard(app: FastifyInstance, parts: ServerParts, others: OtherApps): void {
  const { log } = parts;
  let hasWarned = false;
  app.addHook("onRequest", async (request, reply) => {
    reply.headers(securityHeaders);
    if (!hasWarned && isIgnoredProxy(request, parts)) {
      hasWarned = true;
      log.warn("forwarded-fields-ignored", {
        peer: request.socket.remoteAddress,
        because: "the peer is none of server.trustedProxies, so all its clients count as one",
      });
    }
    // Monitors ask by address.
    if (request.url.startsWith("/health/")) return;
    const isForSite = isForHost(request, parts.settings().publicUrl);
    if (isForSite && !isFederationPath(request.url)) return;
    if (!isForSite && (await readInstance(parts.store.db, request.host)) === undefined) throw noRoute();
    const other = await (isForSite ? others.federation() : others.instances());
    reply.hijack();
    other.routing(request.raw, reply.raw);
  });
  app.addHook("onResponse", async (request, reply) => {
    const { method, routeOptions } = request;
    const fields = {
      method,
      route: routeOptions.url ?? null,
      status: reply.statusCode,
      by: request.caller?.by ?? null,
    };
    // What strangers send must not fill the log.
    if (request.caller === null || method === "GET" || method === "HEAD") log.debug("request", fields);
    else log.info("request", fields);
  });
  app.setNotFoundHandler(() => {
    throw noRoute();
  });
  app.setErrorHandler((error, request, reply) => {
    const { text, isFault } = problemOf(error);
    if (isFault)
      log.error("request-failed", { method: request.method, route: request.routeOptions.url ?? null, error });
    return sendProblem(reply, text);
  });
}

function noRoute(): Problem {
  return new Problem({
    status: 404,
    reason: "no-such-route",
    detail: "There is nothing here; /api/v1/openapi.json under the public address names what there is.",
  });
}

function isIgnoredProxy(request: FastifyRequest, parts: ServerParts): boolean {
  const { trustedProxies } = parts.settings();
  return (
    request.headers["x-forwarded-for"] !== undefined &&
    !isTrustedProxy(request.socket.remoteAddress, trustedProxies)
  );
}
