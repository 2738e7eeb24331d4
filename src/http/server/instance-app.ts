import type { FastifyInstance } from "fastify";
import swagger from "@fastify/swagger";
import { jsonSchemaTransform, jsonSchemaTransformObject } from "fastify-type-provider-zod";
import type { Instance, PeerRoute } from "../peer-route.ts";
import { readInstance } from "../../store/instances.ts";
import { securityHeaders } from "./headers.ts";
import type { ServerParts } from "./parts.ts";
import { mount, nothingHere, type PeerApp, peerApp } from "./peer-app.ts";
import type { WrongSecrets } from "./wrong-secrets.ts";

declare module "fastify" {
  interface FastifyRequest {
    instance: Instance | null;
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
  const around: PeerApp<Instance> = {
    parts,
    wrongSecrets,
    hostOf: ({ instance }) => {
      if (instance === null) throw new Error("A route was reached without an instance.");
      return instance;
    },
    told: ({ instance }, fields) =>
      parts.log.debug("instance-request", { ...fields, account: instance?.accountName ?? null }),
  };
  const app = peerApp(around);
  app.decorateRequest("instance", null);
  app.addHook("onRequest", async (request, reply) => {
    reply.headers(securityHeaders);
    const instance = await readInstance(parts.store.db, request.host);
    if (instance === undefined) throw nothingHere();
    request.instance = instance;
  });
  await describe(app);
  for (const route of routes) mount(app, route, around);
  const { path, css } = parts.pages.stylesheet;
  app.get(path, { schema: { hide: true } }, (_request, reply) =>
    reply.type("text/css; charset=utf-8").header("cache-control", "public, max-age=3600").send(css),
  );
  app.get("/openapi.json", { schema: { hide: true } }, (_request, reply) => reply.send(app.swagger()));
  await app.ready();
  return app;
}

async function describe(app: FastifyInstance): Promise<void> {
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
}
