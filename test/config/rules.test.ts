import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadAccountRules } from "../../src/config/load-rules.ts";
import { openWorkplace, type Workplace } from "./workplace.ts";

let place: Workplace;
beforeEach(async () => {
  place = await openWorkplace();
});
afterEach(async () => place[Symbol.asyncDispose]());

const key = "key: {file: usher.key}\n";

describe("the rules of the site", () => {
  test("take every condition, and leave what is not written open", async () => {
    const loaded = await place.load(`${key}policy:
  - when:
      protocol: cozy
      variant: discovery
      contact: trusted
      module: files
      recipientKind: member
      evidence: [authenticated, no-signals]
    then: accept
    notify: true
  - then: hold
`);
    expect(loaded).toMatchObject({
      ok: true,
      config: {
        policy: [
          {
            protocol: "cozy",
            variant: "discovery",
            contact: "trusted",
            module: "files",
            recipientKind: "member",
            evidence: ["authenticated", "no-signals"],
            then: "accept",
            notify: true,
          },
          { protocol: null, contact: null, evidence: null, account: null, then: "hold", notify: null },
        ],
        notifications: { holdMs: 30 * 86_400_000, notify: false },
        dkim: { verify: true },
        server: null,
      },
      warnings: [],
    });
  });

  test("name every wrong condition with the words that are known", async () => {
    const problems = await place.problems(`${key}policy:
  - when: {contact: friend, module: mail, recipientKind: me, evidence: [dkim], variant: "A b"}
    then: accept
    notify: yes
notifications: {hold: 5s, notify: 1}
`);
    expect(problems.map(({ path }) => path).toSorted()).toEqual([
      "notifications.hold",
      "notifications.notify",
      "policy[0].notify",
      "policy[0].when.contact",
      "policy[0].when.evidence[0]",
      "policy[0].when.module",
      "policy[0].when.recipientKind",
      "policy[0].when.variant",
    ]);
    expect(problems.find(({ path }) => path.endsWith("evidence[0]"))?.remedy).toContain("link-aligned");
  });

  test("are warned about where accept asks for no authenticated sender, and only there", async () => {
    const loaded = await place.load(`${key}policy:
  - {when: {contact: known}, then: accept}
  - {when: {evidence: [authenticated]}, then: accept}
  - {when: {senderDomain: example.org}, then: accept}
  - {when: {evidence: [link-aligned, not-junk]}, then: accept}
`);
    expect(loaded.ok && loaded.warnings.map(({ path }) => path)).toEqual(["policy[3]"]);
  });
});

describe("a file with the rules of an account", () => {
  test("is written like the site's", async () => {
    const file = await place.write("rules.yaml", "policy:\n  - {when: {contact: trusted}, then: accept}\n");
    expect(await loadAccountRules(file)).toMatchObject({
      ok: true,
      rules: [{ contact: "trusted", account: null, then: "accept", notify: null }],
    });
  });

  test("cannot speak of other accounts, and says where it is wrong", async () => {
    const file = await place.write("rules.yaml", "policy:\n  - when: {account: alice}\n    then: no\n");
    const loaded = await loadAccountRules(file);
    expect(loaded).toMatchObject({
      ok: false,
      problems: [
        { path: "policy[0].when.account", line: 2 },
        { path: "policy[0].then", line: 3 },
      ],
    });
  });

  test("that is not there is a problem and no fault", async () => {
    expect(await loadAccountRules(`${place.directory}/nowhere.yaml`)).toMatchObject({ ok: false });
  });
});

describe("the HTTP server", () => {
  test.each([
    ["127.0.0.1:8460", { host: "127.0.0.1", port: 8460 }],
    ["[::1]:80", { host: "::1", port: 80 }],
    ["unix:/run/usher/http.sock", { socket: "/run/usher/http.sock" }],
  ])("listens at %s", async (listen, expected) => {
    const yaml = `${key}server: {publicUrl: "https://usher.example.org", listen: "${listen}", trustedProxies: ["::1"]}\n`;
    expect(await place.load(yaml)).toMatchObject({
      config: {
        server: {
          publicUrl: "https://usher.example.org",
          listen: expected,
          trustedProxies: ["::1/128"],
        },
      },
    });
  });

  test.each([
    ["http://usher.example.org", "127.0.0.1:1"],
    ["https://usher.example.org/app", "127.0.0.1:1"],
    ["https://a@usher.example.org", "127.0.0.1:1"],
    ["https://usher.example.org", "unix:relative"],
    ["https://usher.example.org", "8460"],
  ])("has no place at %s and %s", async (publicUrl, listen) => {
    const problems = await place.problems(`${key}server: {publicUrl: "${publicUrl}", listen: "${listen}"}\n`);
    expect(problems).toHaveLength(1);
  });
});

test.each(["Shares/Answers", "Shares.Answers", "*", " Shares"])(
  "an answer folder is one folder on every server: not %j",
  async (name) => {
    const problems = await place.problems(`${key}mailbox: {answerFolder: "${name}"}\n`);
    expect(problems.map(({ path }) => path)).toEqual(["mailbox.answerFolder"]);
  },
);
