import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type InstanceWorld, openInstanceWorld } from "./world.ts";

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly security?: readonly Readonly<Record<string, unknown>>[];
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Readonly<Record<string, unknown>>;
}

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly securitySchemes: Readonly<Record<string, unknown>> };
}

let world: InstanceWorld;
let document: Document;
beforeAll(async () => {
  world = await openInstanceWorld();
  const { text } = await world.ask("GET", "/openapi.json");
  const served: Document = JSON.parse(text);
  document = served;
});
afterAll(async () => world[Symbol.asyncDispose]());

function operations(): readonly (Operation & { readonly route: string; readonly path: string })[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      ...operation,
      path,
      route: `${method.toUpperCase()} ${path}`,
    })),
  );
}

describe("what an instance host says that it serves", () => {
  test("is every route but the pages, and nothing else", () => {
    const mounted = world.origins.routes
      .filter(({ operation }) => operation !== null)
      .map(
        ({ method, path }) =>
          `${method} ${path.replaceAll(/:(\w+)|\*/g, (all, name?: string) => `{${name ?? all}}`)}`,
      );
    expect(
      operations()
        .map(({ route }) => route)
        .toSorted(),
    ).toEqual(mounted.toSorted());
  });

  test("is whole: each id once, path parameters named, tokens asked for under a scheme that is there", () => {
    expect(document.openapi).toBe("3.1.0");
    const all = operations();
    const ids = all.map(({ operationId }) => operationId);
    expect(ids.filter((id, place) => ids.indexOf(id) !== place)).toEqual([]);
    for (const { route, path, parameters = [], responses, security = [], summary, tags } of all) {
      const named = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name);
      expect(
        parameters.filter((one) => one.in === "path").map(({ name }) => name),
        route,
      ).toEqual(named);
      expect(Object.keys(responses).length * summary.length * tags.length, route).toBeGreaterThan(0);
      for (const scheme of security.flatMap(Object.keys)) {
        expect(Object.keys(document.components.securitySchemes), route).toContain(scheme);
      }
    }
  });

  test("of the API for applications is what programs were written against; change the golden file knowingly", async () => {
    const ofApplications = ["sharings", "contacts", "documents"];
    const paths = Object.fromEntries(
      Object.entries(document.paths).flatMap(([path, methods]) => {
        const kept = Object.entries(methods).filter(([, { tags }]) =>
          tags.some((tag) => ofApplications.includes(tag)),
        );
        return kept.length === 0 ? [] : [[path, Object.fromEntries(kept)]];
      }),
    );
    const golden = new URL("openapi.golden.json", import.meta.url);
    if (process.env["USHER_WRITE_GOLDEN"] === "1")
      await writeFile(golden, `${JSON.stringify(paths, null, 2)}\n`);
    expect(paths).toEqual(JSON.parse(await readFile(golden, "utf8")));
  });
});
