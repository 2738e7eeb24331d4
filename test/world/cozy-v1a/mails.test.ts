import { simpleParser } from "mailparser";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startCozyV1a } from "./cozy.ts";
import { discoveryLink, requestLink } from "./links.ts";
import {
  doctype,
  idsIn,
  lastLink,
  openPair,
  type Pair,
  permissions,
  shareWithBob,
  sharingAt,
} from "./pair.ts";
import { Credentials } from "./stack/credentials.ts";
import { openStage, type Stage } from "./stack/stage.ts";

let stage: Stage;
let pair: Pair;
beforeAll(async () => {
  stage = await openStage();
  pair = await openPair(stage);
});
afterAll(async () => {
  await pair[Symbol.asyncDispose]();
  await stage[Symbol.asyncDispose]();
});

describe("S1a pkg/sharings: links", () => {
  const made = new Credentials("sharer.example").addClient({
    redirect_uris: ["redirect.me.to.sparta"],
    client_name: "Sparta",
    client_kind: "sharing",
    client_uri: "",
    software_id: "test",
  });
  const client = { ...made, client_id: "sparta" };
  const sharing = { appSlug: "spartapp", rules: [], type: "one-shot", sharingId: "sparta-id" } as const;

  test("OAuth link: the exact string, on a URL with and without scheme", () => {
    const query =
      "/sharings/request?App_slug=spartapp&client_id=sparta&redirect_uri=redirect.me.to.sparta&response_type=code&scope=&sharing_type=one-shot&state=sparta-id";
    expect(requestLink(sharing, "http://this.is.url", client)).toBe(`http://this.is.url${query}`);
    expect(requestLink(sharing, "https://this.is.url", client)).toBe(`https://this.is.url${query}`);
    expect(requestLink(sharing, "this.is.url", client)).toBe(`https://this.is.url${query}`);
  });

  test("OAuth link without client, without redirect, without URL", () => {
    expect(() => requestLink(sharing, "http://this.is.url", null)).toThrow("No OAuth client");
    const silent = { ...client, redirect_uris: [] };
    expect(() => requestLink(sharing, "http://this.is.url", silent)).toThrow("No OAuth client");
    expect(() => requestLink(sharing, "", client)).toThrow("no URL");
  });

  test("discovery link: the exact string, and none without e-mail", () => {
    expect(discoveryLink("https://a.example", sharing, "r1", "bob@mail.example")).toBe(
      "https://a.example/sharings/discovery?recipient_email=bob%40mail.example&recipient_id=r1&sharing_id=sparta-id",
    );
    expect(() => discoveryLink("https://a.example", sharing, "r1", "")).toThrow("no email");
  });
});

test("a request mail has the shape of reference/cozy.md 2.1 and 2.2", async () => {
  const { alice, bob } = pair;
  const { sharingId, link } = await shareWithBob(pair, "master-slave");
  const letter = alice.mails().at(-1);
  expect(letter).toMatchObject({ from: "noreply@alice.cozy.example", to: "bob@mail.example" });
  const message = letter?.message ?? "";
  expect(message).not.toMatch(/^(X-Cozy|Message-ID|References|Auto-Submitted|List-)/im);
  expect(message.split("\r\n").every((line) => line.length <= 998 && !line.includes("\n"))).toBe(true);
  const mail = await simpleParser(message);
  expect(mail.subject).toBe("New sharing request / Nouvelle demande de partage");
  expect(mail.from?.text).toBe('"Alice" <noreply@alice.cozy.example>');
  expect(mail.replyTo?.text).toBe('"Alice" <alice@mail.example>');
  expect(message).toContain('\r\nTo: "bob@mail.example" <bob@mail.example>\r\n');
  expect(message.indexOf("text/plain")).toBeLessThan(message.indexOf("text/html"));
  expect(mail.text).toContain(`[No description provided]\n\n${link}`);
  expect(mail.html).toContain(`<a href="${link.replaceAll("&", "&amp;")}">Accept this sharing</a>`);
  const query = [...new URL(link).searchParams];
  expect(new URL(link)).toMatchObject({ origin: bob.origin, pathname: "/sharings/request" });
  expect(query).toEqual([
    ["App_slug", "drive"],
    ["client_id", sharingAt(alice, sharingId).recipients[0]?.clientId],
    ["redirect_uri", `${alice.origin}/sharings/answer`],
    ["response_type", "code"],
    ["scope", `${doctype}:ALL:t1`],
    ["sharing_type", "master-slave"],
    ["state", sharingId],
  ]);
});

test("words beyond ASCII arrive whole", async () => {
  const { alice } = pair;
  await using carol = await stage.start(startCozyV1a, "carol", { publicName: "Zoë Ümläut" });
  const contact = carol.owner.addContact({ mail: "bob@mail.example" });
  const description = `Sommer = Fête à la plage, ${"ganz ".repeat(30)}lang`;
  await carol.owner.share({ type: "one-shot", permissions, contacts: [contact], description });
  const mail = await simpleParser(carol.mails()[0]?.message ?? "");
  expect(mail.from?.value[0]?.name).toBe("Zoë Ümläut");
  expect(mail.text).toContain(description);
  expect(alice.refusals()).toEqual([]);
});

describe("S1a pkg/sharings: SendSharingMails", () => {
  test("without e-mail errors: 500 after the sharing was saved, and the others are mailed", async () => {
    const { alice, bob } = pair;
    const silent = alice.owner.addContact({ cozy: bob.origin });
    const reached = alice.owner.addContact({ mail: "bob@mail.example", cozy: bob.origin });
    const before = alice.sharings().length;
    const answer = await alice.owner.share({ type: "one-shot", permissions, contacts: [silent, reached] });
    expect(answer).toMatchObject({ status: 500 });
    expect(alice.sharings()).toHaveLength(before + 1);
    expect(alice.sharings().at(-1)?.recipients).toMatchObject([
      { status: "mail-not-sent" },
      { status: "pending" },
    ]);
  });

  test("a mail server that refuses leaves mail-not-sent, and sendMails mails later", async () => {
    let isDown = true;
    const sent: string[] = [];
    await using carol = await stage.start(startCozyV1a, "carol", {
      send: async ({ to }) => {
        if (isDown) throw new Error("The mail server is down.");
        sent.push(to);
      },
    });
    const contact = carol.owner.addContact({ mail: "bob@mail.example", cozy: pair.bob.origin });
    expect(await carol.owner.share({ type: "one-shot", permissions, contacts: [contact] })).toMatchObject({
      status: 500,
    });
    const [sharing] = carol.sharings();
    expect(sharing?.recipients).toMatchObject([{ status: "mail-not-sent" }]);
    isDown = false;
    expect(await carol.owner.sendMails(sharing?.id ?? "")).toMatchObject({ status: 200, text: "" });
    expect(carol.sharings()[0]?.recipients).toMatchObject([{ status: "pending" }]);
    expect(sent).toEqual(["bob@mail.example"]);
    await carol.owner.sendMails(sharing?.id ?? "");
    expect(sent).toHaveLength(1);
  });

  test("a recipient without URL is mailed again by every sendMails", async () => {
    const { alice } = pair;
    const contact = alice.owner.addContact({ mail: "bob@mail.example" });
    const created = await alice.owner.share({ type: "one-shot", permissions, contacts: [contact] });
    const before = alice.mails().length;
    await alice.owner.sendMails(idsIn(created.text).id);
    expect(alice.mails()).toHaveLength(before + 1);
  });

  test("a recipient whose Cozy does not answer is unregistered and gets no mail", async () => {
    const { alice, bob } = pair;
    const contacts = ["https://nobody.cozy.example", bob.origin].map((cozy) =>
      alice.owner.addContact({ mail: "bob@mail.example", cozy }),
    );
    const before = alice.mails().length;
    const created = await alice.owner.share({ type: "one-shot", permissions, contacts });
    expect(created.status).toBe(201);
    expect(sharingAt(alice, idsIn(created.text).sharingId).recipients).toMatchObject([
      { status: "unregistered", clientId: null },
      { status: "pending" },
    ]);
    expect(alice.mails()).toHaveLength(before + 1);
    expect(lastLink(alice)).toContain(bob.origin);
  });
});
