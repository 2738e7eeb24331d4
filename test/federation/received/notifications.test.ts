import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { limits } from "../../../src/domain/limits.ts";
import { type HostilePeer, startHostilePeer } from "../../world/hostile-peer/peer.ts";
import type { Manner } from "../../world/hostile-peer/messages.ts";
import { openStage, type Stage } from "../../world/ocm/stage.ts";
import { startUsher, type Usher } from "../usher.ts";
import { receivedShares } from "./arrived.ts";

let stage: Stage;
let peer: HostilePeer;
let other: HostilePeer;
/** Signs nothing. */
let unsigned: HostilePeer;
let usher: Usher;

/** Of the share of each test. */
let providerId = "";
let messages = 0;

beforeAll(async () => {
  stage = await openStage(["usher.example", "evil.example", "other.example", "unsigned.example"]);
  peer = await stage.start(startHostilePeer, "evil.example", {});
  other = await stage.start(startHostilePeer, "other.example", {});
  unsigned = await stage.start(startHostilePeer, "unsigned.example", {});
  unsigned.tell({ capabilities: [], publicKey: undefined, jwksUri: undefined });
});

afterAll(async () => {
  await stage[Symbol.asyncDispose]();
});

/** A site that has heard of nobody: what it counts of strangers begins anew. */
async function start(): Promise<void> {
  usher = await startUsher(stage, { hostname: "usher.example" });
}

async function stop(): Promise<void> {
  await usher[Symbol.asyncDispose]();
}

beforeEach(() => {
  messages += 1;
  providerId = `share ${messages}`;
});

const secret = "0123456789abcdef";

/** A share of Mallory's waits, signed or not. */
async function shared(from: HostilePeer = peer, manner?: Manner): Promise<void> {
  const body = from.shareBody(`dora@${usher.host}`);
  const webdav = { ...body.protocol.webdav, sharedSecret: secret };
  const answer = await from.post(
    usher.host,
    "/shares",
    { ...body, providerId, protocol: { ...body.protocol, webdav } },
    manner,
  );
  expect(answer).toMatchObject({ status: 201 });
}

/** No two are alike: the same message within a second is a replay. */
function unshared(notification: object = { sharedSecret: secret }, change: object = {}) {
  messages += 1;
  return {
    notificationType: "SHARE_UNSHARED",
    resourceType: "file",
    providerId,
    notification: { message: `${messages}`, ...notification },
    ...change,
  };
}

async function tell(body: object, manner?: Manner, from: HostilePeer = peer) {
  const answer = await from.post(usher.host, "/notifications", body, manner);
  if (answer?.kind !== "answered") throw new Error("Usher did not answer.");
  const { message = "", validationErrors = [] }: { message?: string; validationErrors?: { name: string }[] } =
    JSON.parse(answer.text);
  return { status: answer.status, message, names: validationErrors.map(({ name }) => name) };
}

async function stateOfShare(): Promise<string> {
  const share = (await receivedShares(usher)).find((each) => each.provider_id === providerId);
  if (share === undefined) throw new Error("The share did not come.");
  return share.state;
}

describe("what does not fit is answered alike (reference/ocm.md 4.5, 9)", () => {
  beforeAll(start);
  afterAll(stop);

  test("wrong id, wrong secret, another server", async () => {
    await shared();
    const answers = [
      await tell(unshared({ sharedSecret: "wrong" })),
      await tell(unshared(undefined, { providerId: "unknown" })),
      await tell(unshared({ grantee: "nobody@usher.example" })),
      await tell(unshared({ grantee: `dora@${usher.host}` }, { providerId: "unknown" })),
      await tell(unshared({ grantee: `dora@${usher.host}` }), {}, other),
    ].map(({ status, message, names }) => `${status} ${message} ${names.join()}`);
    expect(new Set(answers)).toEqual(new Set(["400 RESOURCE_NOT_FOUND providerId"]));
    expect(await stateOfShare()).toBe("pending");
  });

  test("the right secret in another server's hands", async () => {
    await shared();
    expect((await tell(unshared(), {}, other)).status).toBe(401);
    expect((await tell(unshared(), { signature: "none" }, other)).status).toBe(401);
    expect(await stateOfShare()).toBe("pending");
  });

  test.each(["SHARE_MELTED", "REQUEST_RESHARE", "RESHARE_UNDO", "RESHARE_CHANGE_PERMISSION", "USER_REMOVED"])(
    "the type %s is not known here",
    async (notificationType) => {
      await shared();
      expect(await tell(unshared(undefined, { notificationType }))).toEqual({
        status: 400,
        message: "RESOURCE_NOT_FOUND",
        names: ["notificationType"],
      });
      expect(await stateOfShare()).toBe("pending");
    },
  );

  test("a notification without notification", async () => {
    expect(await tell(unshared(undefined, { notification: undefined }))).toMatchObject({
      status: 400,
      names: ["notification"],
    });
  });

  test("an answer to a share that nobody gave", async () => {
    for (const notificationType of ["SHARE_ACCEPTED", "SHARE_DECLINED"]) {
      expect(await tell(unshared(undefined, { notificationType }))).toMatchObject({
        status: 400,
        message: "RESOURCE_NOT_FOUND",
      });
    }
  });
});

describe("SHARE_UNSHARED", () => {
  beforeAll(start);
  afterAll(stop);

  test("with the secret, signed: the share is over, and said again it is heard again", async () => {
    await shared();
    expect((await tell(unshared())).status).toBe(201);
    expect((await tell(unshared())).status).toBe(201);
    expect(await stateOfShare()).toBe("unshared");
  });

  test("with the secret, unsigned, of a server that never signed", async () => {
    await shared(unsigned, { signature: "none" });
    expect((await tell(unshared(), { signature: "none" }, unsigned)).status).toBe(201);
    expect(await stateOfShare()).toBe("unshared");
  });

  test("with the secret, unsigned, of a server that signs", async () => {
    await shared();
    expect((await tell(unshared(), { signature: "none" })).status).toBe(401);
    expect(await stateOfShare()).toBe("pending");
  });

  test("with the recipient alone, signed by the owner's server", async () => {
    await shared();
    expect((await tell(unshared({ grantee: `dora@https://${usher.host}` }))).status).toBe(201);
    expect(await stateOfShare()).toBe("unshared");
  });

  test("with the recipient alone, unsigned: nothing changes, whether there is such a share or not", async () => {
    await shared(unsigned, { signature: "none" });
    const grantee = { grantee: `dora@${usher.host}` };
    const manner = { signature: "none" } as const;
    const known = await tell(unshared(grantee), manner);
    const unknown = await tell(unshared(grantee, { providerId: "unknown" }), manner);
    expect([known.status, unknown]).toEqual([201, known]);
    expect(await stateOfShare()).toBe("pending");
  });

  test("what may be done with it changed, as oCIS tells it: the share stays", async () => {
    const grantee = { grantee: `dora@${usher.host}` };
    const change = { notificationType: "SHARE_CHANGE_PERMISSION" };
    await shared();
    expect((await tell(unshared(grantee, change))).status).toBe(201);
    await shared(unsigned, { signature: "none" });
    expect((await tell(unshared(grantee, change), { signature: "none" }, unsigned)).status).toBe(201);
    expect((await receivedShares(usher)).filter((each) => each.provider_id === providerId)).toMatchObject([
      { state: "pending" },
      { state: "pending" },
    ]);
  });

  test("as ocm-stub writes it: type, and nothing that says it is JSON", async () => {
    await shared(unsigned, { signature: "none" });
    const { notificationType: type, ...rest } = unshared();
    const answer = await usher.ask("POST", "/ocm/notifications", {
      headers: { "content-type": "text/plain" },
      body: JSON.stringify({ type, ...rest }),
    });
    expect(answer.status).toBe(201);
    expect(await stateOfShare()).toBe("unshared");
  });
});

describe("guessing", () => {
  beforeAll(start);
  afterAll(stop);

  test("whoever guesses is sent away; who knows the secret is heard all the same", async () => {
    await shared(unsigned, { signature: "none" });
    const statuses: number[] = [];
    for (let count = 0; count <= limits.wrongSecrets; count++) {
      statuses.push((await tell(unshared({ sharedSecret: `guess ${count}` }))).status);
    }
    expect(statuses).toEqual([...Array.from({ length: limits.wrongSecrets }, () => 400), 429]);
    expect((await tell(unshared(), { signature: "none" }, unsigned)).status).toBe(201);
  });
});
