import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectPinned } from "../../src/http/connect.ts";
import { createResolve } from "../../src/http/name-lookup.ts";
import { judgeUrl, type Target } from "../../src/http/target.ts";
import { startNameStub } from "../world/name-stub.ts";
import type { Certificate, Certificates } from "../world/tls.ts";
import { startTrap } from "../world/trap.ts";
import {
  exceptionFor,
  makeClient,
  makeTestCertificates,
  privateAddress,
  publicAddress,
  startOrigin,
} from "./world.ts";

let certificates: Certificates & AsyncDisposable;
let certificate: Certificate;

beforeAll(async () => {
  certificates = await makeTestCertificates();
  certificate = await certificates.certificate(["ox.example.com"]);
});

afterAll(async () => certificates[Symbol.asyncDispose]());

/** Counts the sockets that this process opens, to whatever end. */
function countSockets(): Disposable & { readonly opened: number } {
  let opened = 0;
  const count = (): void => {
    opened += 1;
  };
  subscribe("net.client.socket", count);
  return {
    get opened() {
      return opened;
    },
    [Symbol.dispose]: () => {
      unsubscribe("net.client.socket", count);
    },
  };
}

function targetOf(url: string, exceptions: Parameters<typeof judgeUrl>[1] = []): Target {
  const target = judgeUrl(url, exceptions);
  if (typeof target === "string") throw new Error(target);
  return target;
}

async function noNames(): Promise<never> {
  throw new Error("The name server was asked.");
}

describe("a request that leads inside", () => {
  test.each([
    ["https://127.0.0.1/", "address-not-public"],
    ["https://2130706433/", "address-not-public"],
    ["https://[::ffff:127.0.0.1]/", "address-not-public"],
    ["https://[::1]/", "address-not-public"],
    ["https://0/", "address-not-public"],
    ["https://169.254.169.254/latest/meta-data", "address-metadata"],
    ["https://localhost/", "name-not-public"],
    ["http://ox.example.com/", "url-scheme"],
    ["https://ox.example.com:8443/", "url-port"],
    ["https://alice:secret@ox.example.com/", "url-credentials"],
    ["https://ox.example.com/", "address-not-public"],
  ])("opens no socket for %s", async (url, reason) => {
    using sockets = countSockets();
    await using client = makeClient([], { resolve: async () => [privateAddress] });
    expect(await client.fail(url)).toMatchObject({ reason, temporary: false });
    expect(sockets.opened).toBe(0);
  });

  test.each([
    ["one private address", [privateAddress]],
    ["a private address among public ones", [publicAddress, privateAddress, publicAddress]],
    ["a private address of the other family", [publicAddress, "::1"]],
    ["a private address inside another", [publicAddress, "::ffff:127.0.0.1"]],
    ["a metadata service", [publicAddress, "169.254.169.254"]],
    ["something that is no address", [publicAddress, "ox.example.net"]],
  ])("never reaches a name with %s, nor its public ones", async (_name, addresses) => {
    await using trap = await startTrap(privateAddress);
    using sockets = countSockets();
    const url = `http://ox.example.com:${trap.port}`;
    await using client = makeClient([exceptionFor(url)], { resolve: async () => addresses });
    const { reason, temporary, message } = await client.fail(url);
    expect(reason).toMatch(/^address-/);
    expect(temporary).toBe(false);
    expect(message).not.toMatch(/127|::/);
    expect([sockets.opened, trap.connections, trap.bytes]).toEqual([0, 0, 0]);
  });

  test("is refused when a name is moved inside between two requests", async () => {
    await using trap = await startTrap(privateAddress);
    await using origin = await startOrigin(null, (_, response) => response.end("hello"), trap);
    await using names = await startNameStub();
    names.set("ox.example.com", [publicAddress], [privateAddress]);
    await using client = makeClient([exceptionFor(origin.url)], { resolve: createResolve([names.server]) });
    expect((await client.get(origin.url)).text).toBe("hello");
    expect(await client.fail(origin.url)).toMatchObject({ reason: "address-not-public", temporary: false });
    expect([trap.connections, trap.bytes]).toEqual([0, 0]);
    // One question for each type of record in each request: what was judged is what is connected to.
    expect(names.questions.filter((question) => question.startsWith("A "))).toHaveLength(2);
  });

  test("is refused behind another name", async () => {
    await using trap = await startTrap(privateAddress);
    await using names = await startNameStub();
    names.set("ox.example.com", { cname: "inside.example.net", addresses: [privateAddress] });
    const url = `http://ox.example.com:${trap.port}`;
    await using client = makeClient([exceptionFor(url)], { resolve: createResolve([names.server]) });
    expect((await client.fail(url)).reason).toBe("address-not-public");
    expect(trap.connections).toBe(0);
  });

  test.each([
    ["http://127.0.0.1:PORT/", "address-not-public"],
    ["http://2130706433:PORT/", "address-not-public"],
    ["http://inside.example.com:PORT/", "address-not-public"],
    ["http://other.example.com:PORT/", "url-scheme"],
    ["//127.0.0.1:PORT/", "address-not-public"],
    ["gopher://127.0.0.1:PORT/", "url-scheme"],
    ["http://alice@ox.example.com:PORT/", "url-credentials"],
  ])("is refused as the target of a redirect: %s", async (template, reason) => {
    await using trap = await startTrap(privateAddress);
    const location = template.replace("PORT", String(trap.port));
    await using origin = await startOrigin(null, (_, response) =>
      response.writeHead(302, { location }).end(),
    );
    const inside = exceptionFor(`http://inside.example.com:${trap.port}`);
    const literal = { ...inside, host: "127.0.0.1" };
    await using client = makeClient([exceptionFor(origin.url), inside, literal], {
      resolve: async (host) => [host === "inside.example.com" ? privateAddress : publicAddress],
    });
    expect(await client.fail(origin.url, { redirects: 3 })).toMatchObject({ reason, temporary: false });
    expect([trap.connections, trap.bytes]).toEqual([0, 0]);
  });
});

describe("the connection itself", () => {
  test("is given up before the first byte where it reached another address", async () => {
    await using trap = await startTrap(privateAddress);
    const url = `https://${privateAddress}:${trap.port}`;
    const target = targetOf(url, [exceptionFor(url)]);
    const connecting = connectPinned(target, [publicAddress], new AbortController().signal);
    await expect(connecting).rejects.toMatchObject({ reason: "address-not-pinned", temporary: false });
    expect(trap.bytes).toBe(0);
  });

  test("has a second list that knows private addresses", async () => {
    await using trap = await startTrap(privateAddress);
    const target = { ...targetOf("https://ox.example.com/"), port: trap.port };
    const connecting = connectPinned(target, [privateAddress], new AbortController().signal);
    await expect(connecting).rejects.toMatchObject({ code: "ERR_IP_BLOCKED" });
    expect(trap.connections).toBe(0);
  });

  test("goes to the address that an exception gives to an unknown name", async () => {
    await using origin = await startOrigin(certificate, (_, response) => response.end("hello"));
    const open = exceptionFor(origin.url, { address: publicAddress, ca: certificates.ca });
    await using client = makeClient([open], { resolve: noNames });
    expect((await client.get(origin.url)).text).toBe("hello");
    expect(client.events).toEqual([
      { kind: "exception-used", host: "ox.example.com", reason: null, code: null },
    ]);
  });

  test("uses no proxy of the environment", async () => {
    await using trap = await startTrap(privateAddress);
    await using origin = await startOrigin(null, (_, response) => response.end("hello"));
    const names = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"];
    for (const name of names) process.env[name] = `http://127.0.0.1:${trap.port}`;
    try {
      await using client = makeClient([exceptionFor(origin.url)]);
      expect((await client.get(origin.url)).text).toBe("hello");
      expect(trap.connections).toBe(0);
    } finally {
      for (const name of names) delete process.env[name];
    }
  });

  test("follows a reloaded configuration at once", async () => {
    await using origin = await startOrigin(null, (request, response) =>
      response.end(request.headers["user-agent"]),
    );
    let settings = { userAgent: "first", exceptions: [exceptionFor(origin.url)] };
    await using client = makeClient([], { settings: () => settings });
    expect((await client.get(origin.url)).text).toBe("first");
    settings = { ...settings, userAgent: "second" };
    expect((await client.get(origin.url)).text).toBe("second");
    settings = { ...settings, exceptions: [] };
    expect((await client.fail(origin.url)).reason).toBe("url-scheme");
  });
});
