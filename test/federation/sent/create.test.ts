import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { limits } from "../../../src/domain/limits.ts";
import { createSweepSharings } from "../../../src/sharing/sweep.ts";
import { planningParts } from "../../../src/sharing-parts.ts";
import { password } from "../../world/application/application.ts";
import { login } from "../../world/application/files.ts";
import { openSentWorld, type SentWorld } from "./world.ts";

let world: SentWorld;
beforeAll(async () => {
  world = await openSentWorld([]);
});
afterAll(async () => world[Symbol.asyncDispose]());

const canary = "application-s3cret-canary";
const plain = {
  title: "Plans",
  webdav: "https://files.example.org/plans/",
  secret: canary,
  to: ["dora@cloud.example"],
};

async function post(body: object, account: string | null = "alice") {
  return world.usher.api(account, "POST", "/sharings/federated", body);
}

describe("the API", () => {
  test("shares, and shows each recipient by his address at his cloud", async () => {
    const answer = await post({
      ...plain,
      login,
      to: ["dora@cloud.example", "b@se@https://Other.Example:8443/"],
    });
    expect(answer.status).toBe(201);
    expect(JSON.parse(answer.text)).toMatchObject({
      title: "Plans",
      recipients: [
        { address: "dora@cloud.example", state: "mail-not-sent", cloud: "cloud.example", messageId: null },
        { address: "b@se@other.example:8443", state: "mail-not-sent", cloud: "other.example:8443" },
      ],
    });
    expect(answer.text).not.toContain(canary);
    expect(answer.text).not.toContain("files.example.org");
  });

  test.each([
    ["no title", { title: " " }, "title"],
    ["a title that is no name of a file", { title: "a/b" }, "title"],
    ["an address without https", { webdav: "http://files.example.org/" }, "webdav"],
    ["an address in private space", { webdav: "https://localhost/" }, "webdav"],
    ["an address with a user", { webdav: "https://a:b@files.example.org/" }, "webdav"],
    ["an address with a query", { webdav: "https://files.example.org/?a=b" }, "webdav"],
    ["no address at all", { webdav: "plans" }, "webdav"],
    ["no secret", { secret: "" }, "secret"],
    ["a secret of two lines", { secret: "a\nb" }, "secret"],
    ["a token that no header field can carry", { secret: "tokén" }, "secret"],
    ["a token of two words", { secret: "a b" }, "secret"],
    ["a login with a colon", { login: "a:b" }, "login"],
    ["nobody", { to: [] }, "to"],
    ["a name for an address", { to: ["dora"] }, "to.0"],
    ["the same twice", { to: ["dora@cloud.example", "dora@https://CLOUD.example/"] }, "to.1"],
    ["a time that is over", { expires_at: 1 }, "expires_at"],
    [
      "too many",
      { to: Array.from({ length: limits.ocmRecipients + 1 }, (_, at) => `u${at}@c.example`) },
      "to",
    ],
  ])("refuses %s, and names the field", async (_name, change, field) => {
    const answer = await post({ ...plain, ...change });
    expect(answer.status).toBe(400);
    expect(answer.text).toContain(`body.${field}`);
    expect(answer.text).not.toContain(canary);
  });

  test("refuses an account of this site, who needs no cloud between", async () => {
    const answer = await post({ ...plain, to: [`carol@${world.usher.host}`] });
    expect(answer).toMatchObject({ status: 400, text: expect.stringContaining("account of this site") });
  });

  test("names everything that is wrong at once, and makes nothing", async () => {
    const { db } = world.usher.site.store;
    const count = async () => (await db.selectFrom("sharing").select("id").execute()).length;
    const before = await count();
    const answer = await post({ ...plain, title: "", webdav: "x", to: ["dora", "emil@cloud.example"] });
    for (const field of ["title", "webdav", "to.0"]) expect(answer.text).toContain(`body.${field}`);
    expect(await count()).toBe(before);
  });

  test("shares once for each key, and refuses another request with it", async () => {
    const asked = { ...plain, key: "crew-list" };
    const [first, second] = [await post(asked), await post(asked)];
    expect([first.status, second.status]).toEqual([201, 200]);
    expect(JSON.parse(second.text)).toMatchObject({ id: (JSON.parse(first.text) as { id: string }).id });
    expect(await post({ ...asked, secret: "another" })).toMatchObject({ status: 409 });
    expect(await post({ ...asked, write: true })).toMatchObject({ status: 409 });
  });

  test("needs the scope, and the account of an administrator's token", async () => {
    expect((await world.usher.ask("POST", "/api/v1/sharings/federated", { body: plain })).status).toBe(401);
    expect((await post(plain, null)).status).toBe(400);
    expect((await post({ ...plain, account: "carol" }, null)).status).toBe(201);
    expect((await post({ ...plain, account: "carol" }, "alice")).status).toBe(404);
  });
});

async function secretFile(): Promise<string> {
  const file = join(world.usher.site.config.store.file, "..", "application-secret");
  await writeFile(file, `${canary}\n`, { mode: 0o600 });
  return file;
}

describe("usher sharing federate", () => {
  const words = [
    "sharing",
    "federate",
    "alice",
    "--title",
    "Plans",
    "--webdav",
    "https://files.example.org/plans/",
  ];

  test("shares, shows what becomes of it, and never what opens it", async () => {
    const secret = ["--login", "alice", "--secret-file", await secretFile()];
    const said = await world.usher.usher(
      ...words,
      ...secret,
      "--to",
      "dora@cloud.example",
      "emil@cloud.example",
      "--write",
    );
    const [, id = ""] = /^(h\w+) shares with 2 people\./.exec(said) ?? [];
    const shown = await world.usher.usher("sharing", "show", id);
    expect(shown).toContain("dora@cloud.example");
    for (const text of [said, shown, ...world.usher.logged]) expect(text).not.toContain(canary);
    expect(await world.given(id)).toMatchObject([
      { share_with: "dora@cloud.example", permissions_json: '["read","write"]', resource_type: "folder" },
      { share_with: "emil@cloud.example" },
    ]);
    const row = (await world.given(id))[0];
    expect(JSON.stringify(row)).not.toContain(canary);
    expect(row?.resource_url_sealed).not.toContain("files.example.org");
  });

  test("takes one recipient out, and leaves the others", async () => {
    const secret = ["--secret-file", await secretFile()];
    const json = await world.usher.json<{ id: string }>(
      ...words,
      ...secret,
      "--to",
      "dora@cloud.example",
      "emil@cloud.example:444",
    );
    await world.usher.usher("sharing", "revoke", json.id, "--recipient", "emil@cloud.example:444");
    expect((await world.recipients(json.id)).map(({ state }) => state)).toEqual(["mail-not-sent", "revoked"]);
    expect((await world.given(json.id)).map(({ state }) => state)).toEqual(["created", "unshared"]);
  });

  test.each([
    [["--to", "dora@cloud.example"], 2, "the secret is missing"],
    [["--to", "dora@cloud.example", "--file", "--folder", "--secret-stdin"], 2, "either a file or a folder"],
    [["--to", "dora@cloud.example", "--expires", "never", "--secret-stdin"], 2, "--expires never"],
  ])("with %j ends with %d", async (more, code, said) => {
    expect(await world.usher.tryUsher(...words, ...more)).toMatchObject({
      code,
      err: expect.stringContaining(said),
    });
  });

  test("says what is wrong, one line each", async () => {
    const { code, err } = await world.usher.tryUsher(
      ...words,
      "--secret-file",
      await secretFile(),
      "--to",
      "dora",
      "--title",
      "a/b",
    );
    expect(code).toBe(1);
    expect(err).toContain("no-file-name");
    expect(err).toContain("bad-address");
  });

  test("is refused to add people by mail to what is shared from cloud to cloud", async () => {
    const id = await world.share(["dora@cloud.example"]);
    const { code, err } = await world.usher.tryUsher("sharing", "add", id, "--to", "emil@mail.example");
    expect([code, err]).toEqual([1, expect.stringContaining("usher sharing federate")]);
  });
});

describe("what ends by itself", () => {
  test("a sharing whose time is over opens nothing, and its recipients are revoked as expired", async () => {
    const { secret, id } = await world.taken();
    const { db } = world.usher.site.store;
    await db
      .updateTable("sharing")
      .set({ expires_at: Date.now() - 1 })
      .where("id", "=", id)
      .execute();
    const sweep = createSweepSharings(planningParts(world.usher.site, () => world.usher.site.config));
    await world.usher.site.queue.enqueue(db, { kind: "sweep-sharings", subject: "site", lane: "site" });
    await world.usher.site.queue.drain(
      { "sweep-sharings": sweep },
      { kinds: ["sweep-sharings"] },
      AbortSignal.timeout(60_000),
    );
    expect(await world.recipient(id)).toMatchObject({ state: "revoked", reason: "expired" });
    expect((await world.dav("GET", "/dav/ocm/", secret)).status).toBe(401);
  });

  test("an account that is removed takes what it shared along", async () => {
    await world.usher.usher("account", "add", "fay", "--address", "fay@mail.example");
    const body = { ...plain, webdav: `${world.application.url}report.pdf`, login, secret: password };
    const made: { id: string } = JSON.parse((await post(body, "fay")).text);
    const { db } = world.usher.site.store;
    const gone = db.updateTable("ocm_sent_share").set({ state: "sent", posted_at: 1 });
    await gone.where("sharing_id", "=", made.id).execute();
    const [row] = await world.given(made.id);
    expect((await world.dav("GET", "/dav/ocm/", row?.secret ?? "")).status).toBe(200);
    await world.usher.usher("account", "remove", "fay", "--yes");
    expect((await world.dav("GET", "/dav/ocm/", row?.secret ?? "")).status).toBe(401);
    const job = await db
      .selectFrom("job")
      .selectAll()
      .where("subject", "=", row?.id ?? "")
      .executeTakeFirst();
    expect(JSON.parse(job?.payload_json ?? "{}")).toMatchObject({
      step: "unshare",
      shareWith: "dora@cloud.example",
    });
  });
});
