import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkSigningRecord } from "../../src/cli/signing-record.ts";
import { Secret } from "../../src/config/secret.ts";
import type { ResolveTxt } from "../../src/mail/key-records.ts";
import { makeKey, namesOf } from "../world/signed-mail.ts";
import { usher, usherJson } from "../world/site.ts";

const key = makeKey("ed25519");
const name = "mail2026._domainkey.example.org";
const dkim = { domain: "example.org", selector: "mail2026", key: new Secret(key.privateKey) };

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "usher-signing-"));
});
afterAll(async () => rm(directory, { recursive: true }));

test("usher check prints the record to publish", async () => {
  const file = join(directory, "usher.yaml");
  await writeFile(join(directory, "usher.key"), randomBytes(32).toString("base64"), { mode: 0o600 });
  await writeFile(join(directory, "dkim.pem"), key.privateKey, { mode: 0o600 });
  await writeFile(
    file,
    `key: {file: usher.key}
smtp:
  host: localhost
  from: {address: share@example.org}
  dkim: {domain: example.org, selector: mail2026, key: {file: dkim.pem}}
`,
  );
  const check = await usher(file, ["check"]);
  expect(check).toMatchObject({ code: 0, err: "" });
  expect(check.out).toContain(`${name}.\n${key.record}\n`);
  expect(await usherJson(file, ["check"])).toMatchObject({ dkimRecord: { name, value: key.record } });
});

function giving(...texts: readonly string[][]): ResolveTxt {
  return async () => texts;
}

describe("with --connect the record", () => {
  test("is found, in pieces and with other tags as well", async () => {
    const published = { address: name, ok: true, detail: "is published" };
    expect(await checkSigningRecord(dkim, namesOf({ [name]: key.record }).resolve)).toEqual(published);
    const spaced = key.record.replace("v=DKIM1; ", "t=s; ").replace("p=", "p = ");
    expect(await checkSigningRecord(dkim, giving([spaced.slice(0, 20), spaced.slice(20)]))).toMatchObject({
      ok: true,
    });
  });

  test.each<[string, ResolveTxt, RegExp]>([
    ["is missing", namesOf({}).resolve, /was not found \(ENOTFOUND\)/],
    ["is another's", giving([makeKey("ed25519").record]), /another key/],
    ["was revoked", giving(["v=DKIM1; p="]), /another key/],
    ["stands twice", giving([key.record], [key.record]), /2 TXT records/],
  ])("that %s is said to be so", async (_, resolve, detail) => {
    expect(await checkSigningRecord(dkim, resolve)).toMatchObject({
      ok: false,
      detail: expect.stringMatching(detail),
    });
  });
});
