import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { domainToASCII, fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { type NameStub, startNameStub } from "../world/name-stub.ts";
import type { ShareMailOptions } from "../world/share-mail.ts";
import { startTrap, type Trap } from "../world/trap.ts";
import { addressOf, authservId, type Shared } from "../world/world.ts";
import { deliverAndFind, openScene, outcomesOf, type Scene } from "./scene.ts";

const bob = addressOf("bob");
const askStub = fileURLToPath(new URL("../world/ask-name-stub-main.ts", import.meta.url));

/** A name that everybody may look up; an exception opens it for a private range, in which the trap does not lie. */
const insider = "cloud.insider.example";
const lookAlike = "cloud.orlgin.example";
/** The first letter of its second label is Cyrillic. */
const mixed = domainToASCII("cloud.\u043erigin.example");
/** An honest name in another script has no mark but its other form. */
const other = domainToASCII("cloud.\u043f\u0440\u0438\u0432\u0435\u0442.example");

let scene: Scene;
let trap: Trap;
let names: NameStub;
beforeAll(async () => {
  trap = await startTrap("127.0.0.1");
  names = await startNameStub();
  for (const name of [insider, lookAlike, mixed, other, "cloud.plain-insider.example"])
    names.set(name, ["127.0.0.1"]);
  scene = await openScene();
  await configure();
  await scene.start({ NODE_OPTIONS: `--import ${askStub}`, USHER_TEST_NAME_SERVER: names.server });
});
afterAll(async () => {
  expect({ connections: trap.connections, bytes: trap.bytes }).toEqual({ connections: 0, bytes: 0 });
  await scene[Symbol.asyncDispose]();
  await names[Symbol.asyncDispose]();
  await trap[Symbol.asyncDispose]();
});

const written = z.looseObject({ outbound: z.object({ exceptions: z.array(z.unknown()) }) });

/** Rules that accept everything, and one exception more. */
async function configure(): Promise<void> {
  const { configFile, origin } = scene.world;
  const config = written.parse(parse(await readFile(configFile, "utf8")));
  config.outbound.exceptions.push({ host: insider, port: trap.port, cidr: "10.0.0.0/8" });
  const policy = [
    { when: { originHost: new URL(origin.origin).host }, then: "accept" },
    { when: { senderDomain: "origin.example" }, then: "accept" },
    { when: {}, then: "accept" },
  ];
  await writeFile(configFile, stringify({ ...config, policy }));
}

const vouched = (domain: string) => `${authservId}; dmarc=pass header.from=${domain}`;

/** The mail of a share that stands at the origin, changed. */
function share(title: string, mail: Partial<ShareMailOptions> = {}): Shared {
  return scene.world.share(bob, { title, files: ["quay.odt"], isAuthenticated: true, mail });
}

/** The same share behind another host, in a mail that is authenticated for that host's domain. */
function shareAt(title: string, host: string): Shared {
  const domain = host.replace(/^cloud\./, "").replace(/:\d+$/, "");
  const { link } = share(title);
  return share(title, {
    link: `https://${host}${new URL(link).pathname}`,
    sharer: { name: "Alice Sender", address: `alice@${domain}` },
    authenticationResults: vouched(domain),
  });
}

/** A mail as it was sent, with fields above it that servers on its way put there. */
function below(mail: string, ...fields: readonly string[]): string {
  return [...fields, mail].join("\r\n");
}

const foreignHop = [
  "Received: from outside.example (outside.example [192.0.2.7])",
  "\tby mx.evil.example with ESMTP id 1; Fri, 20 Nov 2026 10:00:00 +0000",
].join("\r\n");

const forgeries: readonly (readonly [
  name: string,
  forge: (title: string) => { readonly token: string; readonly mail: string },
  doubt: RegExp,
  shown: RegExp,
])[] = [
  [
    "a From for which the receiving server did not vouch",
    (title) => share(title, { authenticationResults: vouched("evil.example") }),
    /its sender is not authenticated/,
    /alice@origin\.example, not authenticated \(mx\.recipient\.example says .*dmarc=pass/,
  ],
  [
    "a From that failed its authentication",
    (title) =>
      share(title, { authenticationResults: `${authservId}; dmarc=fail header.from=origin.example` }),
    /its sender is not authenticated/,
    /dmarc=fail/,
  ],
  [
    "our own server's words, below the line of a foreign server",
    (title) => {
      const { token, mail } = share(title);
      return { token, mail: below(mail, foreignHop) };
    },
    /its sender is not authenticated/,
    /not authenticated \(no trusted server said anything/,
  ],
  [
    "the words of a server that is not ours",
    (title) =>
      share(title, { authenticationResults: "mx.evil.example; dmarc=pass header.from=origin.example" }),
    /its sender is not authenticated/,
    /no trusted server said anything/,
  ],
  [
    "two From fields",
    (title) => share(title, { moreHeaders: ["From: Mallory <mallory@evil.example>"] }),
    /signs of deceit \(.*several-senders/,
    /not exactly one address, not authenticated/,
  ],
  [
    "two addresses in From",
    (title) => {
      const { token, mail } = share(title);
      const two = "From: alice@origin.example, mallory@evil.example";
      return { token, mail: mail.replace(/^From: .*$/m, two) };
    },
    /signs of deceit \(.*several-senders/,
    /not exactly one address, not authenticated/,
  ],
  [
    "another address in the sender's name",
    (title) => share(title, { sharer: { name: "boss@bank.example", address: "alice@origin.example" } }),
    /signs of deceit \(name-shows-another-address\)/,
    /alice@origin\.example, authenticated/,
  ],
  [
    "a date of next month",
    (title) => share(title, { date: new Date(Date.now() + 30 * 24 * 3600_000) }),
    /signs of deceit \(date-in-future\)/,
    /alice@origin\.example, authenticated/,
  ],
  [
    "a host that looks like a known one",
    (title) => shareAt(title, lookAlike),
    /the host of the origin, cloud\.orlgin\.example, looks like a host that the account knows/,
    /origin: cloud\.orlgin\.example \(look-alike\)/,
  ],
  [
    "a host that looks like a known one by letters of another script",
    (title) => shareAt(title, mixed),
    /the host of the origin, cloud\.xn--[a-z0-9-]+\.example \(cloud\.\u043erigin\.example\), mixes scripts/,
    /origin: cloud\.xn--\S+, shown as cloud\.\u043erigin\.example \(punycode, mixed-script, look-alike\)/,
  ],
  [
    "an origin that has nothing to do with its authenticated sender",
    (title) => {
      const { link } = share(title);
      return share(title, { link: `https://${insider}:${trap.port}${new URL(link).pathname}` });
    },
    /its origin is neither of the sender's domain nor known/,
    /origin and sender: of different domains/,
  ],
];

describe("with rules that accept everything, a mail with", () => {
  test.each(forgeries)("%s is held, and shows why", async (name, forge, doubt, shown) => {
    const title = `Forged: ${name}`;
    const { token, mail } = forge(title);
    const asked = names.questions.length;
    const requests = scene.world.origin.requests().length;
    const { id, reason, detail } = await deliverAndFind(scene, mail, title);
    expect(reason).toBe("not-believed");
    expect(detail).toMatch(/^By policy: rule \d of the site says accept\. The mail is not believed: /);
    expect(detail).toMatch(doubt);
    const { out } = await scene.usher("notification", "explain", id);
    expect(out).toMatch(shown);
    expect(out).toMatch(/less than the rule says: The mail is not believed/);
    expect(out).not.toContain(token.slice(16));
    expect(await outcomesOf(scene, id)).toEqual([]);
    expect(names.questions.slice(asked)).toEqual([]);
    expect(scene.world.origin.requests().length).toBe(requests);
    expect([trap.connections, trap.bytes]).toEqual([0, 0]);
  });

  test("nothing forged is followed: the rules do accept", async () => {
    const { id } = await deliverAndFind(scene, share("Honest").mail, "Honest", "followed");
    expect(await outcomesOf(scene, id)).toEqual(["follow well"]);
  });
});

describe("where the mail is believed or the account says yes, the guard stands before a server inside:", () => {
  test("a public name with a private address is not reached, though a rule accepts", async () => {
    const title = "Public name, private address";
    const { mail } = shareAt(title, "cloud.plain-insider.example");
    const { id, reason } = await deliverAndFind(scene, mail, title, "failed");
    expect(reason).toBe("address-not-public");
    expect(await outcomesOf(scene, id)).toEqual(["follow address-not-public"]);
    expect(names.questions).toContain("A cloud.plain-insider.example");
  });

  test("also not at the trap's own port, which an exception opens for another range", async () => {
    const title = "Outside of its exception";
    const { mail } = shareAt(title, `${insider}:${trap.port}`);
    const { id, reason } = await deliverAndFind(scene, mail, title, "failed");
    expect(reason).toBe("address-not-public");
    const { out } = await scene.usher("notification", "explain", id);
    expect(out).toMatch(/The outgoing guard refused the request to/);
    expect([trap.connections, trap.bytes]).toEqual([0, 0]);
  });

  test("a host in another script is shown in both forms, and reached no more than any other", async () => {
    const title = "Another script";
    const { mail } = shareAt(title, other);
    await scene.world.deliver("bob", mail);
    const { id } = await deliverAndFind(scene, share("Behind it").mail, "Behind it", "followed");
    expect(id).not.toBe("");
    const [row] = await scene.store.db
      .selectFrom("notification")
      .selectAll()
      .where("title", "=", title)
      .execute();
    const { out } = await scene.usher("notification", "explain", row?.id ?? "");
    expect(out).toMatch(
      /origin: cloud\.xn--\S+, shown as cloud\.\u043f\u0440\u0438\u0432\u0435\u0442\.example/,
    );
    expect([trap.connections, trap.bytes]).toEqual([0, 0]);
  });

  test.each(["the trap itself", "a public name of it"])(
    "an accepted share whose origin redirects to %s is not followed there",
    async (where) => {
      const { origin } = scene.world;
      const title = `Redirected to ${where}`;
      const host = where === "the trap itself" ? "127.0.0.1" : insider;
      origin.setHabits({ redirectTo: `https://${host}:${trap.port}/appsuite/ui` });
      const { id, reason } = await deliverAndFind(scene, share(title).mail, title, "failed");
      origin.setHabits({ redirectTo: null });
      expect(reason).toBe("redirect-elsewhere");
      expect(await outcomesOf(scene, id)).toEqual(["follow redirect-elsewhere"]);
      expect([trap.connections, trap.bytes]).toEqual([0, 0]);
    },
  );

  test("a forged mail that the account accepts all the same goes no further than the guard", async () => {
    const title = "Accepted by hand";
    const { mail } = shareAt(title, lookAlike);
    const { id } = await deliverAndFind(scene, mail, title);
    const run = await scene.usher("notification", "accept", id, "--wait");
    expect([run.code, run.out]).toEqual([1, expect.stringContaining("The outgoing guard refused")]);
    expect(await outcomesOf(scene, id)).toEqual(["follow address-not-public"]);
  });
});

test("usher policy test tells the same before anything is delivered", async () => {
  const file = join(scene.world.directory, "forged.eml");
  await writeFile(file, shareAt("On trial", mixed).mail);
  const run = await scene.usher("policy", "test", file, "--for", bob, "--account", "bob");
  expect([run.code, run.out]).toEqual([
    0,
    expect.stringMatching(/decided: hold, silently; rule 3 of the site/),
  ]);
  expect(run.out).toMatch(/rule 1 of the site: no, origin is .* not /);
  expect(run.out).toContain("less than the rule says");
});
