import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { limits } from "../../../src/domain/limits.ts";
import { expectShare } from "../../../src/store/ocm-followed-shares.ts";
import { insertReceivedShare } from "../../../src/store/ocm-received-shares.ts";
import { insertNotification, readNotification } from "../../../src/store/notifications.ts";
import { deepJson } from "../../world/hostile-peer/malice.ts";
import type { Manner } from "../../world/hostile-peer/messages.ts";
import { type HostilePeer, startHostilePeer } from "../../world/hostile-peer/peer.ts";
import { openStage, type Stage } from "../../world/ocm/stage.ts";
import { startUsher, type Usher, type UsherOptions } from "../usher.ts";
import { notificationOf, receivedFrom, receivedShares } from "./arrived.ts";

let stage: Stage;
let peer: HostilePeer;
let quiet: HostilePeer;
let usher: Usher;

/** No two messages are alike: the same one within a second is a replay. */
let messages = 0;

beforeAll(async () => {
  stage = await openStage(["usher.example", "evil.example", "quiet.example"]);
  peer = await stage.start(startHostilePeer, "evil.example", {});
  quiet = await stage.start(startHostilePeer, "quiet.example", {});
});

afterAll(async () => {
  // Only ever named by others.
  expect(quiet.received()).toEqual([]);
  await stage[Symbol.asyncDispose]();
});

/** A site that has heard of nobody: what it counts of strangers begins anew. */
async function start(options: Partial<UsherOptions> = {}): Promise<void> {
  usher = await startUsher(stage, { hostname: "usher.example", accounts: ["dora"], ...options });
}

async function stop(): Promise<void> {
  await usher[Symbol.asyncDispose]();
}

interface Answered {
  readonly status: number;
  readonly body: { readonly message?: string; readonly validationErrors?: readonly object[] };
  readonly retryAfter: string | null;
}

async function share(change: object | string = {}, manner?: Manner): Promise<Answered> {
  messages += 1;
  const honest = { ...peer.shareBody(`dora@${usher.host}`), description: `${messages}` };
  const body = typeof change === "string" ? change : { ...honest, ...change };
  return answered(await peer.post(usher.host, "/shares", body, manner));
}

function answered(answer: Awaited<ReturnType<HostilePeer["post"]>>): Answered {
  if (answer?.kind !== "answered") throw new Error("Usher did not answer.");
  const body: Answered["body"] = JSON.parse(answer.text);
  return { status: answer.status, body, retryAfter: answer.headers.get("retry-after") ?? null };
}

function multi(webdav: object): object {
  const secret = { sharedSecret: "0123456789abcdef", permissions: ["read"] };
  return { protocol: { name: "multi", options: {}, webdav: { uri: "trove", ...secret, ...webdav } } };
}

describe("the error table of POST shares (reference/ocm.md 4.3, 6.2)", () => {
  beforeEach(async () => start());
  afterEach(stop);

  test("400: what is missing or wrong, by field", async () => {
    for (const field of ["shareWith", "name", "providerId", "owner", "protocol"]) {
      expect(await share({ [field]: undefined })).toMatchObject({
        status: 400,
        body: { validationErrors: [{ name: field, message: "REQUIRED" }] },
      });
    }
    expect(await share({ owner: "ada" })).toMatchObject({
      status: 400,
      body: { validationErrors: [{ name: "owner", message: "INVALID" }] },
    });
    expect(await share({ sender: "ada" })).toMatchObject({ status: 400 });
    expect(await share({ shareWith: "dora@elsewhere.example" })).toMatchObject({
      status: 400,
      body: { validationErrors: [{ name: "shareWith", message: "INVALID" }] },
    });
    expect(await share({ expiration: 1_000_000 })).toMatchObject({ status: 400 });
    expect(await receivedShares(usher)).toEqual([]);
  });

  test("400: what is no JSON, or deeper than any document; 413: larger than any signed body", async () => {
    expect((await share("no json")).status).toBe(400);
    expect((await share(deepJson(5000))).status).toBe(400);
    expect((await share({ description: "x".repeat(limits.ocmBodyBytes) })).status).toBe(413);
  });

  test("400: an unknown user; whoever tries many is sent away", async () => {
    expect(await share({ shareWith: `nobody@${usher.host}` })).toMatchObject({
      status: 400,
      body: { validationErrors: [{ name: "shareWith", message: "NOT_FOUND" }] },
    });
    const before = peer.received("keys").length;
    const statuses: number[] = [];
    for (let tried = 1; tried <= limits.wrongSecrets; tried++) {
      statuses.push((await share({ shareWith: `user${tried}@${usher.host}` })).status);
    }
    expect(statuses.at(-1)).toBe(429);
    expect(statuses.filter((status) => status === 400)).toHaveLength(limits.wrongSecrets - 1);
    // Nobody was asked in their name, and who is not wrong is not kept out.
    expect(peer.received("keys")).toHaveLength(before);
    expect((await share({}, { signature: "none" })).status).toBe(201);
  });

  test("an account is found by its mail address, too", async () => {
    const shareWith = `dora@mail.example@https://${usher.host}`;
    expect(await share({ shareWith })).toMatchObject({
      status: 201,
      body: { recipientDisplayName: "dora", recipientUserId: "dora" },
    });
  });

  test("401: not signed by whom it speaks for", async () => {
    const day = 24 * 3600;
    const foreign = { owner: `ada@${quiet.host}`, sender: `ada@${quiet.host}` };
    const cases: readonly (readonly [string, object, Manner])[] = [
      ["owner host ≠ signer", foreign, {}],
      ["sender host ≠ signer", { sender: `ada@${quiet.host}` }, {}],
      ["another server's key id", {}, { keyId: "https://quiet.example/ocm#ec" }],
      [
        "a body that was not signed",
        {},
        { swappedBody: JSON.stringify(peer.shareBody(`dora@${usher.host}`)) },
      ],
      ["Date 301 s old", {}, { ageSeconds: 301 }],
      ["Date a day old, draft-cavage", {}, { ageSeconds: day, signature: "cavage" }],
    ];
    for (const [what, change, manner] of cases) {
      expect([what, (await share(change, manner)).status]).toEqual([what, 401]);
    }
    expect(await receivedShares(usher)).toEqual([]);
  });

  test("401: unsigned once it has signed; a replay; another key", async () => {
    expect((await share()).status).toBe(201);
    expect(answered(await peer.replay()).status).toBe(401);
    expect((await share({ providerId: "other" }, { signature: "none" })).status).toBe(401);
    await peer.changeKey("rfc9421");
    expect((await share({ providerId: "other" })).status).toBe(401);
    expect(await receivedShares(usher)).toHaveLength(1);
  });

  test("501: share type, resource type, protocol or requirement that is not supported", async () => {
    const cases = [
      { shareType: "group" },
      { shareType: "federation" },
      { resourceType: "calendar" },
      { protocol: { name: "multi", options: {}, webapp: { uri: "https://evil.example/app" } } },
      multi({ requirements: ["must-dance"] }),
      multi({ requirements: ["must-use-mfa"] }),
      multi({ permissions: ["write"] }),
    ];
    for (const change of cases) expect([change, (await share(change)).status]).toEqual([change, 501]);
    expect((await share(multi({ requirements: ["must-exchange-token"] }))).status).toBe(201);
  });

  test("503 with Retry-After: too many wait for the account's answer", async () => {
    await share({ providerId: "first" }, { signature: "none" });
    const [first] = await receivedShares(usher);
    const { db } = usher.site.store;
    const shown = await readNotification(db, first?.notification_id ?? "");
    if (first === undefined || shown === undefined) throw new Error("Nothing came.");
    for (let count = 1; count < limits.ocmPendingShares; count++) {
      const id = `n${count}`;
      await insertNotification(db, { ...shown, id, share_key: id });
      await insertReceivedShare(db, { ...first, id: `o${count}`, provider_id: id, notification_id: id });
    }
    const full = await share({ providerId: "last" }, { signature: "none" });
    expect(full).toMatchObject({ status: 503, retryAfter: `${limits.ocmFullMs / 1000}` });
    await usher.usher("notification", "ignore", shown.id);
    expect((await share({ providerId: "last" }, { signature: "none" })).status).toBe(201);
  });
});

describe("403: the site's rules", () => {
  afterEach(stop);

  test("ocm.deny", async () => {
    const before = peer.received("keys").length;
    await start({ ocm: { deny: [peer.host] } });
    expect((await share()).status).toBe(403);
    expect((await share({}, { signature: "none" })).status).toBe(403);
    expect(peer.received("keys")).toHaveLength(before);
  });

  test("ocm.allow", async () => {
    await start({ ocm: { allow: ["cloud.example"] } });
    expect((await share()).status).toBe(403);
  });

  test("ocm.mustInvite", async () => {
    await start({ ocm: { mustInvite: true } });
    expect((await share()).status).toBe(403);
    await usher.site.store.db
      .insertInto("ocm_contact")
      .values({
        id: "k1",
        account_id: await usher.accountId("dora"),
        host: peer.host,
        user_id: "mallory",
        name: null,
        address: null,
        came_by: "invite-sent",
        created_at: 0,
      })
      .execute();
    expect((await share()).status).toBe(201);
  });
});

describe("a stranger has nobody asked at will", () => {
  beforeEach(async () => start());
  afterEach(stop);

  test("an unsigned share makes no request, and waits", async () => {
    const owner = `ada@${quiet.host}`;
    expect((await share({ owner, sender: owner }, { signature: "none" })).status).toBe(201);
    expect((await notificationOf(usher, await receivedFrom(usher, quiet.host))).state).toBe("held");
  });

  test("signatures in the names of servers that nobody knows are counted", async () => {
    const statuses: number[] = [];
    for (let count = 0; count <= limits.wrongSecrets; count++) {
      const host = `h${count}.example`;
      const manner = { keyId: `https://${host}/ocm#key` };
      statuses.push((await share({ owner: `a@${host}`, sender: `a@${host}` }, manner)).status);
    }
    expect(statuses).toEqual([...Array.from({ length: limits.wrongSecrets }, () => 401), 429]);
  });

  test("a server that names foreign addresses is not believed, nor asked there", async () => {
    peer.tell({ jwksUri: `${quiet.origin}/.well-known/jwks.json` });
    expect((await share()).status).toBe(401);
    peer.tell({ jwksUri: `${peer.origin}/.well-known/jwks.json` });
  });
});

describe("what is kept", () => {
  beforeEach(async () => start());
  afterEach(stop);

  test("a repetition is answered alike, and told once", async () => {
    const first = await share();
    const second = await share();
    expect([first.status, second]).toEqual([201, first]);
    expect(await receivedShares(usher)).toHaveLength(1);
    expect(await usher.json("notification", "list")).toHaveLength(1);
  });

  test("another secret is taken from who signs, and changes nothing about the answer", async () => {
    await share();
    const before = await receivedFrom(usher, peer.host);
    expect((await share(multi({ sharedSecret: "another-secret" }))).status).toBe(201);
    const after = await receivedFrom(usher, peer.host);
    expect(after).toMatchObject({ id: before.id, notification_id: before.notification_id, state: "pending" });
    expect(after.secret_hash).not.toBe(before.secret_hash);
    expect(await usher.json("notification", "list")).toHaveLength(1);
  });

  test("another secret is not taken from who does not", async () => {
    const owner = `ada@${quiet.host}`;
    const change = { owner, sender: owner };
    await share(change, { signature: "none" });
    const before = await receivedFrom(usher, quiet.host);
    const other = { ...change, ...multi({ sharedSecret: "another-secret" }) };
    expect((await share(other, { signature: "none" })).status).toBe(403);
    expect(await receivedFrom(usher, quiet.host)).toEqual(before);
  });

  test("a name is one plain name: no path, no line, no other direction", async () => {
    const names: readonly (readonly [string, string])[] = [
      ["../../etc/passwd", ".. .. etc passwd"],
      ["..", "folder"],
      ["/", "folder"],
      ["a\u0000b\r\nc", "a b c"],
      ["invoice\u202Efdp.exe", "invoicefdp.exe"],
      ["Ada via Bank\u2066", "Ada via Bank"],
    ];
    for (const [index, [name]] of names.entries()) await share({ name, providerId: `p${index}` });
    expect((await receivedShares(usher)).map(({ name }) => name)).toEqual(names.map(([, kept]) => kept));
  });

  test("no secret is said in the log, or stored as it is", async () => {
    await share(multi({ sharedSecret: "canary-of-the-secret" }));
    expect(JSON.stringify(await receivedShares(usher))).not.toContain("canary");
    expect(usher.logged.join("\n")).not.toContain("canary");
  });

  test("a share that a link is turned into was consented to: it is told of no more", async () => {
    const accountId = await usher.accountId("dora");
    const { db } = usher.site.store;
    await share({ providerId: "before" });
    const link = await receivedFrom(usher, peer.host);
    const notificationId = link.notification_id ?? "";
    await expectShare(db, { accountId, host: peer.host, notificationId }, Date.now() + 60_000);
    await share({ providerId: "made of the link" });
    await share({ providerId: "one more" });
    const shares = await receivedShares(usher);
    expect(shares.map((each) => each.notification_id === notificationId)).toEqual([true, true, false]);
  });

  test("a share that the account does not answer is forgotten in the end, and one that waits is not", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    try {
      await share({ providerId: "ignored" });
      const ignored = await receivedFrom(usher, peer.host);
      await usher.usher("notification", "ignore", ignored.notification_id ?? "");
      await share({ providerId: "waits" });
      vi.setSystemTime(Date.now() + limits.ocmEndedShareMs + 1000);
      const { queue, store } = usher.site;
      await store.transaction(async (db) =>
        queue.enqueue(db, { kind: "sweep-federation", subject: "all", lane: "sweep" }),
      );
      await usher.work("sweep-federation");
      expect((await receivedShares(usher)).map((each) => each.provider_id)).toEqual(["waits"]);
    } finally {
      vi.useRealTimers();
    }
  });

  test("a share ends with its time", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    try {
      await share({ expiration: Math.floor(Date.now() / 1000) + 3600 });
      vi.setSystemTime(Date.now() + 2 * 3600_000);
      const { queue, store } = usher.site;
      await store.transaction(async (db) =>
        queue.enqueue(db, { kind: "sweep-federation", subject: "all", lane: "sweep" }),
      );
      await usher.work("sweep-federation");
      const ended = await receivedFrom(usher, peer.host);
      expect(ended.state).toBe("unshared");
      expect(await notificationOf(usher, ended)).toMatchObject({ state: "ignored", reason: "taken-back" });
    } finally {
      vi.useRealTimers();
    }
  });
});
