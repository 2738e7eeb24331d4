import { expect, test } from "vitest";
import { problemLines } from "../../src/config/problem.ts";
import { newSiteKeys } from "../../src/config/site-keys.ts";
import { openWorkplace } from "./workplace.ts";

const key = "key: {file: usher.key}\n";

test("hosts are taken in normal form, and what is none is named", async () => {
  await using place = await openWorkplace();
  const right = await place.load(
    `${key}ocm: {allow: ["Cloud.Example.ORG:443", "bücher.example:8443"], servers: [{name: A, host: a.example}]}\n`,
  );
  expect(right).toMatchObject({
    config: {
      ocm: { enabled: true, allow: ["cloud.example.org", "xn--bcher-kva.example:8443"], keys: null },
    },
  });
  const wrong = await place.load(
    `${key}ocm: {deny: ["https://cloud.example.org/"], servers: [{name: A, host: "a@b"}]}\n`,
  );
  const lines = wrong.ok ? [] : problemLines(wrong.problems);
  expect(lines.join("\n")).toMatch(/ocm\.deny\[0\].*without https:\/\//s);
  expect(lines.join("\n")).toContain("ocm.servers[0].host");
});

test("the keys of the site are an RSA and an Ed25519 key, and nothing else", async () => {
  await using place = await openWorkplace();
  const pem = await newSiteKeys();
  await place.write("usher-ocm.pem", pem);
  const right = await place.load(`${key}ocm: {keys: {file: usher-ocm.pem}}\n`);
  expect(right.ok && right.config.ocm.keys?.reveal()).toBe(pem.trimEnd());
  for (const text of [pem.slice(0, pem.indexOf("-----END")), pem + pem, "no key at all\n"]) {
    await place.write("usher-ocm.pem", text);
    const wrong = await place.load(`${key}ocm: {keys: {file: usher-ocm.pem}}\n`);
    expect(wrong.ok ? "" : problemLines(wrong.problems).join("\n")).toContain("usher init");
  }
});
