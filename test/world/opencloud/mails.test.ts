import { simpleParser } from "mailparser";
import { expect, test } from "vitest";
import { run } from "../../cli/in-process.ts";
import type { Letter } from "../cozy-v1a/stack/letters.ts";
import type { OpenCloudOptions } from "./state.ts";
import { openTwoClouds } from "./world.ts";

async function invite(options: Pick<OpenCloudOptions, "family" | "meshDirectory">) {
  const sent: Letter[] = [];
  const send = async (letter: Letter): Promise<void> => void sent.push(letter);
  await using clouds = await openTwoClouds({ ...options, send });
  const made = await clouds.dora.createInvite("dora", "bob@recipient.example");
  const [letter] = sent;
  if (letter === undefined) throw new Error("Nothing was mailed.");
  return { ...made, host: clouds.dora.host, letter, mail: await simpleParser(letter.message) };
}

/** What Usher sees in a mail. */
async function inspected({ message }: Letter): Promise<unknown> {
  const { out } = await run("missing.yaml", ["inspect", "--json", "--secrets", "-"], { input: message });
  const found: { notification?: unknown } = JSON.parse(out);
  return found.notification;
}

test.each([
  ["opencloud", "OpenCloud", "federation settings", "https://opencloud.eu"],
  ["ocis", "ownCloud", "federation provider settings", "https://owncloud.com"],
] as const)(
  "%s leaves the placeholder in its subject, and names the provider with its scheme",
  async (...row) => {
    const [family, product, settings, footer] = row;
    const { token, host, link, letter, mail } = await invite({ family });
    expect(mail.subject).toBe("ScienceMesh: {InitiatorName} wants to collaborate with you");
    expect(mail.from?.text).toBe(`"Dora Example via ${product}" <noreply@cloud.dora.example>`);
    expect(mail.messageId).toBeUndefined();
    expect(mail.text).toContain(`  Token: ${token}\n  ProviderDomain: https://${host}\n`);
    expect(mail.text).toContain("Dora Example (dora@mail.example)");
    expect(mail.text).toContain(settings);
    expect(mail.text).toContain(footer);
    expect(letter.message.indexOf("text/plain")).toBeLessThan(letter.message.indexOf("text/html"));
    expect([link, /token=/.test(letter.message)]).toEqual([null, false]);
    const seen = { protocol: "ocm-invite", variant: "code", origin: `https://${host}`, shareId: token };
    expect(await inspected(letter)).toMatchObject(seen);
  },
);

test("a mesh directory at a third party is linked to: on a line of its own, and in HTML as text with &amp;", async () => {
  const meshDirectory = "https://mesh.lists.example/open-cloud-mesh/wayf";
  const { token, host, link, letter, mail } = await invite({ meshDirectory });
  expect(link).toBe(`${meshDirectory}?token=${token}&providerDomain=${encodeURIComponent(host)}`);
  expect(mail.text?.split("\n")).toContain(link);
  expect(mail.html).toContain(`${String(link).replace("&", "&amp;")}<br>`);
  expect(mail.html).not.toContain("href");
  // The provider that the link names, and not the directory that it leads to.
  const seen = { protocol: "ocm-invite", variant: "link", origin: `https://${host}`, shareId: token, link };
  expect(await inspected(letter)).toMatchObject(seen);
});

test("reva mails what no mail program likes", async () => {
  const { token, host, letter, mail } = await invite({ family: "reva" });
  const [header = "", body = ""] = letter.message.split("\r\n\r\n");
  expect(header).toContain("Subject: ScienceMesh: Dora Example wants to collaborate with you");
  expect(header).toContain('Content-Type: text/plain; charset=utf-8; charset="utf-8"');
  expect(header).toMatch(/^Message-ID: [^<>\s]+$/m);
  expect(body.trimEnd().split("\r\n")).toHaveLength(1);
  expect(mail.text).toContain(`:\n\n\nToken: ${token}\nProviderDomain: ${host}\n`);
  expect(mail.text).toContain("&#39;");
  const seen = { protocol: "ocm-invite", variant: "code", origin: `https://${host}`, shareId: token };
  expect(await inspected(letter)).toMatchObject(seen);
});

test("reva writes names raw into the subject", async () => {
  await using clouds = await openTwoClouds({ family: "reva" });
  clouds.ada.addUser({ login: "ada-2", displayName: "Dóra Exämple", mail: "ada-2@mail.example" });
  await clouds.ada.createInvite("ada-2", "bob@recipient.example");
  expect(clouds.ada.letters().at(-1)?.message).toContain("Subject: ScienceMesh: Dóra Exämple wants");
});
