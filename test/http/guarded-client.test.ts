import type { RequestListener } from "node:http";

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
        "accept-language": "de",
      },
    });
  });
});
