import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildApp } from "../../../src/http/server/app.ts";
import {
  addPage,
  addPerson,
  addToken,
  ask,
  fingerprint,
  json,
  openWorld,
  type Person,
  type World,
} from "./world.ts";
import { tokenScopes } from "../../../src/store/api-tokens.ts";

let world: World;
let alice: Person;
let routes: readonly Route[];
beforeAll(async () => {
  world = await openWorld({
    files: {
      browse: async () => Promise.resolve({ kind: "listed", path: "", entries: [] }),
      open: async () =>
        Promise.resolve({
          kind: "opened",
          name: "a.txt",
          mediaType: "text/plain",
          sizeBytes: 1,
          range: null,
          etag: null,
          body: oneByte(),
          [Symbol.asyncDispose]: async () => {},
        }),
    },
  });
  alice = await addPerson(world, "alice");
  routes = await routesOf(world);
});
afterAll(async () => world[Symbol.asyncDispose]());

async function* oneByte(): AsyncGenerator<Uint8Array> {
  yield Buffer.from("a");
}

interface Route {
  readonly method: string;
  readonly path: string;
}

/** Every route that the router knows, read from its own tree. */
async function routesOf({ parts }: World): Promise<readonly Route[]> {
  const app = await buildApp(parts);
  const above: string[] = [];
  const found: Route[] = [];
  for (const line of app.printRoutes({ commonPrefix: false }).split("\n")) {
    const [, indent = "", segment, methods] = /^([ │]*)[├└]── (\S+)(?: \(([A-Z, ]+)\))?/.exec(line) ?? [];
    if (segment === undefined) continue;
    const depth = indent.length / 4;
    above.splice(depth, above.length, segment);
    for (const method of methods?.split(", ") ?? []) found.push({ method, path: above.join("") });
  }
  await app.close();
  return found;
}

function idFor(path: string): string {
  if (path.includes("/notifications/")) return alice.notification.id;
  if (path.includes("/sharings/invites/")) return alice.inviteId;
  return path.includes("/sharings/") ? alice.sharing.id : alice.subscription.id;
}

const scanners = [
  "Mozilla/5.0 (compatible; SafeLinks/1.0)",
  "BarracudaCentral/1.0 (link scanner)",
  "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/142.0",
];

test("whoever asks every GET, HEAD and OPTIONS route with valid secrets, and does it twice, changes nothing", async () => {
  const admin = await addToken(world.store, { accountId: null, scopes: tokenScopes });
  const page = await addPage(world, alice);
  const safe = routes.filter(({ method }) => method === "GET" || method === "HEAD");
  expect(safe.length).toBeGreaterThan(20);
  await world.queue.enqueue(world.store.db, { kind: "follow", subject: "n1", lane: "origin/x" });
  const before = await fingerprint(world.store);
  for (const agent of scanners) {
    for (const { method, path } of [...safe, ...safe.map((route) => ({ ...route, method: "OPTIONS" }))]) {
      const url =
        path
          .replace("/answer/:secret", page)
          .replace("/invitation/:secret", alice.sharing.page)
          .replace(":id", idFor(path)) + (path.endsWith("content") ? "?path=a" : "");
      const reply = await ask(world, method, url, { token: admin, headers: { "user-agent": agent } });
      if (method !== "OPTIONS") expect([method, url, reply.status]).toEqual([method, url, 200]);
    }
  }
  expect(await fingerprint(world.store)).toBe(before);
});

test("the crawl would notice a single changed row", async () => {
  const before = await fingerprint(world.store);
  await ask(world, "POST", `/api/v1/notifications/${alice.notification.id}/ignore`, { token: alice.token });
  expect(await fingerprint(world.store)).not.toBe(before);
});

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Record<string, unknown>;
    readonly securitySchemes: Record<string, unknown>;
  };
}

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly security?: readonly Record<string, readonly string[]>[];
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Record<string, { readonly description: string }>;
}

describe("the OpenAPI document", () => {
  let document: Document;
  beforeAll(async () => {
    document = json(await ask(world, "GET", "/api/v1/openapi.json")) as unknown as Document;
  });

  test("is the one that programs were written against; change the golden file knowingly", async () => {
    const golden = new URL("openapi.golden.json", import.meta.url);
    if (process.env["USHER_WRITE_GOLDEN"] === "1") {
      const { writeFile } = await import("node:fs/promises");
      await writeFile(golden, `${JSON.stringify(document, null, 2)}\n`);
    }
    expect(document).toEqual(JSON.parse(await readFile(golden, "utf8")));
  });

  test("names every route of the API and nothing else", () => {
    const described = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const served = routes
      .filter(({ method }) => method !== "HEAD")
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`)
      .filter((route) => !/ \/(answer|invitation|pages|api\/v1\/openapi)/.test(route));
    expect(described.toSorted()).toEqual(served.toSorted());
  });

  test("is whole: ids once, parameters and references resolved, tokens asked for wherever a scope is", () => {
    expect(document.openapi).toBe("3.1.0");
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.values(methods).map((operation) => ({ path, ...operation })),
    );
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { path, parameters = [], security, responses, summary } of operations) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect(parameters.filter((one) => one.in === "path").map(({ name }) => name)).toEqual(inPath);
      expect(path.startsWith("/health/") || security?.length === 1).toBe(true);
      expect(summary).not.toBe("");
      for (const response of Object.values(responses)) expect(response.description).not.toBe("");
      expect(Object.keys(responses)).toContain("default");
    }
    const text = JSON.stringify(document);
    for (const [, name = ""] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      expect(Object.keys(document.components.schemas)).toContain(name);
    }
    expect(Object.keys(document.components.securitySchemes)).toEqual(["token"]);
  });
});
