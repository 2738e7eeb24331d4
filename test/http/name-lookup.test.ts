import { describe, expect, test } from "vitest";
import { createResolve } from "../../src/http/name-lookup.ts";
import { type NameAnswer, startNameStub } from "../world/name-stub.ts";
import { makeClient } from "./world.ts";

const host = "ox.example.com";
const never = new AbortController().signal;

describe("looking a name up", () => {
  test("finds all addresses of both families, also behind another name", async () => {
    await using names = await startNameStub();
    const resolve = createResolve([names.server]);
    names.set(host, ["93.184.215.14", "93.184.215.15", "2606:2800:21f::1"]);
    expect(await resolve(host, never)).toEqual(["93.184.215.14", "93.184.215.15", "2606:2800:21f::1"]);
    names.set(host, { cname: "web.example.net", addresses: ["93.184.215.16"] });
    expect(await resolve(host, never)).toEqual(["93.184.215.16"]);
  });

  test.each<[NameAnswer, string]>([
    ["NXDOMAIN", "name-not-found"],
    [[], "name-not-found"],
    ["SERVFAIL", "name-lookup-failed"],
    ["silence", "name-lookup-timeout"],
  ])("reports %s as %s, which may be mended", async (answer, reason) => {
    await using names = await startNameStub();
    names.set(host, answer);
    await using client = makeClient([], {
      resolve: createResolve([names.server]),
      limits: { httpDnsMs: 300 },
    });
    expect(await client.fail(`https://${host}/`)).toMatchObject({ reason, temporary: true });
  });

  test("ends when it is given up", async () => {
    await using names = await startNameStub();
    names.set(host, "silence");
    const stop = new AbortController();
    const looking = createResolve([names.server])(host, stop.signal);
    stop.abort();
    await expect(looking).rejects.toMatchObject({ code: "ECANCELLED" });
  });
});
