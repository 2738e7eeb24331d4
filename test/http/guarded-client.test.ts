import type { RequestListener } from "node:http";

import { CookieJar } from "tough-cookie";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Certificate, Certificates } from "../world/tls.ts";
import { exceptionFor, makeClient, makeTestCertificates, startOrigin } from "./world.ts";

let certificates: Certificates & AsyncDisposable;
let certificate: Certificate;

beforeAll(async () => {
  certificates = await makeTestCertificates();
  certificate = await certificates.certificate(["ox.example.com", "127.0.0.2"]);
});

afterAll(async () => certificates[Symbol.asyncDispose]());

const echo: RequestListener = (request, response) => {
  let body = "";
  request.setEncoding("utf8").on("data", (chunk: string) => {
    body += chunk;
  });
  request.on("end", () => {
    const { method, url, headers } = request;
    response.end(JSON.stringify({ method, url, headers, body }));
  });
};

async function deadAndAlive(): Promise<string[]> {
  return ["127.0.0.3", "127.0.0.2"];
}

describe("the outgoing client", () => {
  test("asks a server over TLS and returns its answer", async () => {
    await using origin = await startOrigin(certificate, echo);
    await using client = makeClient([exceptionFor(origin.url, { ca: certificates.ca })]);
    const url = `${origin.url}/ajax/share?a=1#fragment`;
    const answer = await client.get(url, { headers: { "Accept-Language": "de" } });
    expect(answer).toMatchObject({ status: 200, url });
    expect(JSON.parse(answer.text)).toMatchObject({
      method: "GET",
      url: "/ajax/share?a=1",
      headers: {
        host: `ox.example.com:${origin.port}`,
        "user-agent": "usher-test",
        "accept-encoding": "identity",
        connection: "close",
        "accept-language": "de",
      },
    });
  });

  test("sends a body and the headers of the caller", async () => {
    await using origin = await startOrigin(null, echo);
    await using client = makeClient([exceptionFor(origin.url)]);
    const headers = { "Content-Type": "application/x-www-form-urlencoded", "User-Agent": "other" };
    const more = { method: "POST", headers, body: "name=café" } as const;
    expect(JSON.parse((await client.get(origin.url, more)).text)).toMatchObject({
      method: "POST",
      body: "name=café",
      headers: { "content-type": headers["Content-Type"], "user-agent": "other", "content-length": "10" },
    });
  });

  test("keeps every value of a repeated header field", async () => {
    await using origin = await startOrigin(null, (_, response) =>
      response.writeHead(302, { Location: ["/a", "/b"], "X-One": "1", __proto__: "x" }).end("moved"),
    );
    await using client = makeClient([exceptionFor(origin.url)]);
    const answer = await client.get(origin.url);
    expect(answer).toMatchObject({ status: 302, text: "moved", url: origin.url });
    expect(answer.headers).toMatchObject({ location: ["/a", "/b"], "x-one": ["1"] });
  });

  test("asks an address literal by its certificate", async () => {
    await using origin = await startOrigin(certificate, echo, { host: "127.0.0.2" });
    await using client = makeClient([exceptionFor(origin.url, { ca: certificates.ca })]);
    expect((await client.get(origin.url)).status).toBe(200);
  });

  test("takes another address of the same name where the first is dead", async () => {
    await using origin = await startOrigin(null, echo);
    const open = exceptionFor(origin.url, { cidr: "127.0.0.0/8" });
    await using client = makeClient([open], { resolve: deadAndAlive });
    expect((await client.get(origin.url)).status).toBe(200);
    await using modest = makeClient([open], { resolve: deadAndAlive, limits: { httpAddresses: 1 } });
    expect((await modest.fail(origin.url)).reason).toBe("connection-refused");
  });

  test("says what cannot be sent, and sends nothing", async () => {
    await using origin = await startOrigin(null, echo);
    await using client = makeClient([exceptionFor(origin.url)]);
    const failure = await client.fail(origin.url, { headers: { "x-name": "a\r\nx-other: b" } });
    expect(failure).toMatchObject({ reason: "request-invalid", temporary: false });
  });

  test("does not answer any more after it was closed", async () => {
    await using origin = await startOrigin(null, () => undefined);
    const client = makeClient([exceptionFor(origin.url)]);
    const waiting = client.fail(origin.url);
    await client[Symbol.asyncDispose]();
    expect(await waiting).toMatchObject({ reason: "aborted", temporary: true });
    expect(await client.fail(origin.url)).toMatchObject({ reason: "aborted", temporary: true });
  });
});

describe("a session's cookies", () => {
  test("go back to their origin, whatever Domain says", async () => {
    const seen: unknown[] = [];
    await using origin = await startOrigin(certificate, (request, response) => {
      seen.push(request.headers.cookie);
      const cookies = ["session=1; Path=/; Secure; HttpOnly", "wide=2; Domain=example.com", "=;;nonsense"];
      response.writeHead(200, { "Set-Cookie": cookies }).end();
    });
    const neighbour = origin.url.replace("ox.", "neighbour.");
    const shared = [origin.url, neighbour].map((url) => exceptionFor(url, { ca: certificates.ca }));
    await using client = makeClient(shared);
    const jar = new CookieJar();
    await client.get(origin.url, { jar });
    await client.get(origin.url, { jar });
    await client.get(origin.url);
    expect(await jar.getCookieString(neighbour)).toBe("");
    expect(seen).toEqual([undefined, "session=1; wide=2", undefined]);
  });
});

const routes: RequestListener = (request, response) => {
  const moved: Record<string, string> = {
    "/one": "/two?x=1",
    "/two?x=1": "/three",
    "/three": "/four",
    "/loop": "/loop",
    "/round": "/trip",
    "/trip": "/round",
    "/broken": "http://[",
  };
  const location = moved[request.url ?? ""];
  if (request.url === "/twice") response.writeHead(302, { Location: ["/one", "/two"] }).end();
  else if (request.url?.startsWith("/status/") === true) {
    response.writeHead(Number(request.url.slice(8)), { location: "/echo" }).end();
  } else if (location !== undefined) response.writeHead(302, { location }).end("moved");
  else echo(request, response);
};

describe("redirects", () => {
  test("are answers unless they are asked for", async () => {
    await using origin = await startOrigin(null, routes);
    await using client = makeClient([exceptionFor(origin.url)]);
    expect(await client.get(`${origin.url}/one`)).toMatchObject({ status: 302, url: `${origin.url}/one` });
  });

  test("are followed as far as allowed", async () => {
    await using origin = await startOrigin(null, routes);
    await using client = makeClient([exceptionFor(origin.url)]);
    const answer = await client.get(`${origin.url}/one#here`, { redirects: 3 });
    expect(answer).toMatchObject({ status: 200, url: `${origin.url}/four#here` });
    for (const redirects of [1, 2]) {
      const failure = await client.fail(`${origin.url}/one`, { redirects });
      expect(failure).toMatchObject({ reason: "redirects-exceeded", temporary: false });
    }
  });

  test.each([
    ["/loop", "redirect-loop"],
    ["/round", "redirect-loop"],
    ["/broken", "redirect-unclear"],
    ["/twice", "redirect-unclear"],
  ])("that lead nowhere end: %s", async (path, reason) => {
    await using origin = await startOrigin(null, routes);
    await using client = makeClient([exceptionFor(origin.url)]);
    expect((await client.fail(`${origin.url}${path}`, { redirects: 3 })).reason).toBe(reason);
  });

  test.each([
    [302, "GET", ""],
    [303, "GET", ""],
    [307, "POST", "a=1"],
    [308, "POST", "a=1"],
  ])("after a POST: status %i leads to %s", async (status, method, body) => {
    await using origin = await startOrigin(null, routes);
    await using client = makeClient([exceptionFor(origin.url)]);
    const headers = { "Content-Type": "text/plain" };
    const more = { method: "POST", headers, body: "a=1", redirects: 1 } as const;
    const seen: unknown = JSON.parse((await client.get(`${origin.url}/status/${status}`, more)).text);
    expect(seen).toMatchObject({ method, body });
  });

  test("to another origin carry no session, no credential and no body", async () => {
    await using elsewhere = await startOrigin(null, echo, { host: "other.example.com" });
    await using origin = await startOrigin(null, (_, response) =>
      response.writeHead(307, { location: elsewhere.url }).end(),
    );
    await using client = makeClient([exceptionFor(origin.url), exceptionFor(elsewhere.url)]);
    const bound = [
      { jar: new CookieJar() },
      { headers: { Authorization: "Bearer secret" } },
      { headers: { "X-Token": "secret" } },
      { method: "POST", body: "secret" },
    ] as const;
    for (const more of bound) {
      const failure = await client.fail(origin.url, { ...more, redirects: 1 });
      expect(failure).toMatchObject({ reason: "redirect-to-other-origin", temporary: false });
    }
    const answer = await client.get(origin.url, { redirects: 1, headers: { Accept: "text/html" } });
    expect(answer).toMatchObject({ status: 200, url: `${elsewhere.url}/` });
  });

  test("never lead from HTTPS to HTTP", async () => {
    await using plain = await startOrigin(null, echo);
    await using origin = await startOrigin(certificate, (_, response) =>
      response.writeHead(302, { location: plain.url }).end(),
    );
    await using client = makeClient([
      exceptionFor(origin.url, { ca: certificates.ca }),
      exceptionFor(plain.url),
    ]);
    const failure = await client.fail(origin.url, { redirects: 1 });
    expect(failure).toMatchObject({ reason: "redirect-downgrade", temporary: false });
  });
});
