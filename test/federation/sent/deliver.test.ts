import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { limits } from "../../../src/domain/limits.ts";
import { answered, type DeliverWorld, openDeliverWorld, peer } from "./deliver-world.ts";

let world: DeliverWorld;
beforeEach(async () => {
  world = await openDeliverWorld();
});
afterEach(async () => world[Symbol.asyncDispose]());

const protocols = () => world.posted.map(({ body }) => (body["protocol"] as { name: string }).name);

describe("a share is offered", () => {
  test("in the form of a cloud that knows only WebDAV, with one owner, sender and sharer", async () => {
    const id = await world.share({ expiresAtMs: 1_900_000_000_999, mayWrite: true });
    await world.work();
    const { secret, provider_id: providerId } = await world.row(id);
    expect(world.posted).toEqual([
      {
        host: "cloud.example",
        path: "/shares",
        body: {
          shareWith: "dora@cloud.example",
          shareType: "user",
          name: "report.pdf",
          description: "",
          providerId,
          owner: "alice@usher.example",
          ownerDisplayName: "alice",
          sender: "alice@usher.example",
          senderDisplayName: "alice",
          sharedBy: "alice@usher.example",
          sharedByDisplayName: "alice",
          expiration: 1_900_000_000,
          resourceType: "file",
          protocol: {
            name: "webdav",
            options: {
              sharedSecret: secret,
              permissions: "{http://open-cloud-mesh.org/ns}share-permissions",
            },
          },
        },
      },
    ]);
    expect(secret).toMatch(/^[A-Za-z0-9]{32}$/);
    expect(await world.recipient(id)).toMatchObject({ state: "pending", reason: null });
    expect(await world.row(id)).toMatchObject({ state: "sent", form: "webdav" });
  });

  test("as a protocol object to the reva family, which reads `uri` or `url`", async () => {
    world.discovered = { kind: "peer", peer: { ...peer, apiVersion: "1.1.0", form: "multi" } };
    const id = await world.share({ mayWrite: true, mayShare: true });
    await world.work();
    const { secret, provider_id: providerId } = await world.row(id);
    expect(world.posted[0]?.body["protocol"]).toEqual({
      name: "multi",
      options: {},
      webdav: {
        uri: providerId,
        url: `https://usher.example/dav/ocm/${providerId}`,
        sharedSecret: secret,
        permissions: ["read", "write", "share"],
      },
    });
  });

  test("to each with a secret and an id of his own", async () => {
    await world.share({ to: ["dora@cloud.example", "emil@cloud.example", "base64=@other.example:8443"] });
    await world.work();
    const bodies = world.posted.map(
      ({ body }) => JSON.stringify(body["protocol"]) + String(body["providerId"]),
    );
    expect(new Set(bodies).size).toBe(3);
    expect(world.posted.map(({ host }) => host).toSorted()).toEqual([
      "cloud.example",
      "cloud.example",
      "other.example:8443",
    ]);
  });
});

describe("what a cloud answers", () => {
  test.each([200, 201, 409])("%d: it has the share", async (status) => {
    world.answers = [answered(status)];
    const id = await world.share();
    await world.work();
    expect(await world.recipient(id)).toMatchObject({ state: "pending" });
    expect(await world.row(id)).toMatchObject({ state: "sent" });
    expect(world.posted).toHaveLength(1);
  });

  test.each([400, 501])("%d: it is offered once in the other form", async (status) => {
    world.answers = [answered(status, { message: "Unsupported protocol" }), answered(201)];
    const id = await world.share();
    await world.work();
    expect(protocols()).toEqual(["webdav", "multi"]);
    expect(await world.row(id)).toMatchObject({ state: "sent", form: "multi" });
  });

  test.each([
    [400, 400, "peer-refused", "first"],
    [400, 501, "peer-refused", "first"],
    [501, 400, "peer-refused", "second"],
    [501, 501, "peer-cannot-take", "second"],
  ])("%d and then %d: it does not take it, in its more telling words", async (one, other, reason, said) => {
    world.answers = [answered(one, { message: "first" }), answered(other, { message: "second" })];
    const id = await world.share();
    await world.work();
    expect(await world.recipient(id)).toMatchObject({ state: "error", reason, cloudError: said });
    expect(await world.row(id)).toMatchObject({ state: "failed", reason });
    expect(world.posted).toHaveLength(2);
    expect(await world.work(86_400_000)).toBe(0);
  });

  test.each([
    [401, "peer-does-not-trust"],
    [403, "peer-forbids"],
    [404, "not-found-at-peer"],
    [302, "http-302"],
    [413, "http-413"],
  ])("%d: it does not take it, and is not asked again", async (status, reason) => {
    const words = `No\u202E!\n${"x".repeat(1000)}`;
    world.answers = [answered(status, { message: words })];
    const id = await world.share();
    await world.work();
    const { state, reason: told, cloudError } = await world.recipient(id);
    expect({ state, told }).toEqual({ state: "error", told: reason });
    expect(cloudError).toMatch(/^No! x+$/);
    expect(cloudError?.length).toBeLessThanOrEqual(limits.ocmPeerWordsChars);
    expect(world.posted).toHaveLength(1);
    expect(world.told.at(-1)).toMatchObject({ event: "peer-not-told", fields: { reason } });
  });

  test.each([
    ["503 with Retry-After", answered(503, {}, 700_000), 700_000],
    ["503 whose Retry-After is shorter than Usher waits by itself", answered(503, {}, 1000), 60_000],
    ["429 with Retry-After", answered(429, {}, 900_000), 900_000],
    ["429 without, as Nextcloud", answered(429), limits.ocmPacedMs],
    ["500", answered(500), 60_000],
    ["408", answered(408, {}, 500_000), 500_000],
    ["nothing", { kind: "try-later", because: "connection-refused", detail: "", retryAfterMs: null }, 60_000],
  ] as const)("%s: it is asked again later", async (_name, answer, waitMs) => {
    world.answers = [answer, answered(201)];
    const id = await world.share();
    await world.work();
    expect(await world.recipient(id)).toMatchObject({ state: "mail-not-sent" });
    expect(await world.work(waitMs / 10)).toBe(0);
    expect(await world.work(waitMs)).toBe(1);
    expect(await world.recipient(id)).toMatchObject({ state: "pending" });
    const [first, second] = world.posted;
    expect(second?.body).toEqual(first?.body);
  });

  test("nothing for days: it is given up, and brought when the administrator has it tried again", async () => {
    world.answers = [{ kind: "try-later", because: "connection-refused", detail: "", retryAfterMs: null }];
    const id = await world.share();
    for (let tries = 0; tries < limits.followTries; tries += 1) await world.work(86_400_000);
    expect(await world.recipient(id)).toMatchObject({
      state: "error",
      reason: "connection-refused",
      cloudError: "connection-refused",
    });
    const [job] = await world.parts.queue.parked();
    expect(job).toMatchObject({ kind: "tell-peer", lastError: "connection-refused" });
    world.answers = [answered(201)];
    await world.parts.queue.runAgain(job?.id ?? 0);
    await world.work();
    expect(await world.recipient(id)).toMatchObject({ state: "pending", reason: null, cloudError: null });
  });
});

describe("a cloud that is none", () => {
  test("is not asked, and the recipient is told why", async () => {
    world.discovered = { kind: "no-peer", because: "no-discovery", detail: "cloud.example is no cloud." };
    const id = await world.share();
    await world.work();
    expect(world.posted).toEqual([]);
    expect(await world.recipient(id)).toMatchObject({
      state: "error",
      reason: "no-discovery",
      cloudError: "cloud.example is no cloud.",
    });
  });

  test("is looked for again where it may only be away", async () => {
    world.discovered = { kind: "try-later", because: "timeout", detail: "", retryAfterMs: 300_000 };
    const id = await world.share();
    await world.work();
    world.discovered = null;
    await world.work(400_000);
    expect(await world.recipient(id)).toMatchObject({ state: "pending" });
  });
});

describe("secrets that have to be exchanged first", () => {
  test("are said as a requirement, in the only form that can say it", async () => {
    world.discovered = { kind: "peer", peer: { ...peer, capabilities: new Set(["exchange-token"]) } };
    const id = await world.share({ mustExchange: true });
    await world.work();
    expect(world.posted[0]?.body["protocol"]).toMatchObject({
      name: "multi",
      webdav: { requirements: ["must-exchange-token"] },
    });
    expect(await world.row(id)).toMatchObject({ state: "sent" });
  });

  test("are said of any share to a cloud that takes no others", async () => {
    const strict = {
      ...peer,
      capabilities: new Set(["exchange-token"]),
      criteria: new Set(["must-exchange-token"]),
    };
    world.discovered = { kind: "peer", peer: strict };
    await world.share();
    await world.work();
    expect(world.posted[0]?.body["protocol"]).toMatchObject({
      name: "multi",
      webdav: { requirements: ["must-exchange-token"] },
    });
  });

  test("are said of a folder as of a file to Nextcloud, which knows no folders by that name in any form", async () => {
    world.discovered = { kind: "peer", peer: { ...peer, capabilities: new Set(["exchange-token"]) } };
    await world.share({ webdav: "https://files.example/dav/Reports/", mustExchange: true });
    await world.work();
    expect(world.posted[0]?.body).toMatchObject({ resourceType: "file", protocol: { name: "multi" } });
  });

  test("never go to a cloud that would not know it, in no form", async () => {
    const id = await world.share({ mustExchange: true });
    await world.work();
    expect(world.posted).toEqual([]);
    expect(await world.recipient(id)).toMatchObject({ state: "error", reason: "peer-cannot-exchange" });
    world.discovered = { kind: "peer", peer: { ...peer, capabilities: new Set(["exchange-token"]) } };
    world.answers = [answered(400)];
    await world.share({ mustExchange: true });
    await world.work();
    expect(protocols()).toEqual(["multi"]);
  });
});

describe("Nextcloud of the master line counts shares (reference/ocm.md 6.2)", () => {
  const many = Array.from({ length: 12 }, (_, place) => `user${place}@cloud.example`);

  test("five are brought at once, the others in later windows, without a refusal", async () => {
    const master = { ...peer, capabilities: new Set(["http-sig"]) };
    world.discovered = { kind: "peer", peer: master };
    await world.share({ to: many });
    await world.work();
    expect(world.posted).toHaveLength(limits.ocmPacedShares);
    // The clock of the pace is the store's own.
    const { db } = world.store;
    for (const count of [10, 12]) {
      await db
        .updateTable("ocm_sent_share")
        .set((set) => ({ posted_at: set("posted_at", "-", limits.ocmPacedMs) }))
        .execute();
      await world.work(limits.ocmPacedMs + 1000);
      expect(world.posted).toHaveLength(count);
    }
  });

  test("others get all at once", async () => {
    await world.share({ to: many });
    await world.work();
    expect(world.posted).toHaveLength(12);
  });
});
