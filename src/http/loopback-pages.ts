import { PassThrough } from "node:stream";
import { fastify } from "fastify";
import { limits } from "../domain/limits.ts";

/** A page for the person at this machine. */
export interface LoopbackPage {
  readonly contentType: string;
  readonly body: string;
  /** Content-Security-Policy. */
  readonly policy: string;
}

export interface LoopbackPages extends AsyncDisposable {
  readonly url: string;
  /** Tells every page that listens to `/changes` (server-sent events). */
  changed(): void;
}

/**
 * Serves pages at 127.0.0.1 and to nobody else: GET alone, and only where the Host field names loopback, so that no page of
 * another site can read them by a name that leads here. Port 0 is any free one.
 */
export async function serveOnLoopback(
  port: number,
  pageAt: (path: string) => LoopbackPage | null,
): Promise<LoopbackPages> {
  const listening = new Set<PassThrough>();
  const app = fastify({
    requestTimeout: limits.serverRequestMs,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    return503OnClosing: false,
  });
  app.server.maxConnections = limits.previewConnections;
  app.addHook("onRequest", async ({ method, headers }, reply) => {
    if (method !== "GET") return reply.code(405).header("Allow", "GET").send();
    const isLoopback = /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(headers.host ?? "");
    return isLoopback ? undefined : reply.code(421).send();
  });
  app.get("/changes", async (_request, reply) => {
    const events = new PassThrough();
    listening.add(events);
    events.on("close", () => listening.delete(events));
    events.write(": listening\n\n");
    return reply.type("text/event-stream").header("Cache-Control", "no-store").send(events);
  });
  app.get("*", async (request, reply) => {
    const page = pageAt(new URL(request.url, "http://127.0.0.1").pathname);
    if (page === null) return reply.code(404).send();
    return reply
      .type(page.contentType)
      .headers({
        "Content-Security-Policy": page.policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
      })
      .send(page.body);
  });
  const url = await app.listen({ host: "127.0.0.1", port });
  return {
    url: `${url}/`,
    changed: () => {
      for (const events of listening) events.write("data: changed\n\n");
    },
    [Symbol.asyncDispose]: async () => {
      for (const events of listening) events.end();
      await app.close();
    },
  };
}
