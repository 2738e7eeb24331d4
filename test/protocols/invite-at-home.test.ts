import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noWay } from "../../src/protocols/no-way.ts";
import { openCloudMesh } from "../../src/protocols/open-cloud-mesh.ts";
import type { Call, FollowerHome, FollowReply, Share } from "../../src/protocols/protocol.ts";
import { startNextcloud } from "../world/nextcloud/nextcloud.ts";
import type { OcmServer } from "../world/ocm/server.ts";
import { openStage, type Stage } from "../world/ocm/stage.ts";
import { startOpenCloud } from "../world/opencloud/opencloud.ts";
import { dora, homeAt, noticed, wayOutTo } from "./home-world.ts";

const inviterName = "inviter.example";
const homeName = "home.example";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage([inviterName, homeName]);
});
afterAll(async () => stage[Symbol.asyncDispose]());

/** Accepts an invitation with what the notification keeps of it: a link, or a code. */
async function accept(
  home: FollowerHome,
  server: OcmServer,
  inviter: { readonly origin: string; readonly host: string },
  kept: string,
): Promise<{ readonly reply: FollowReply; readonly calls: readonly Call[] }> {
  await using http = wayOutTo({ [homeName]: server }, stage.ca);
  const ways = { invite: noWay, received: noWay, publicLink: noWay };
  const protocol = openCloudMesh(http, ways).find(({ name }) => name === "ocm-invite");
  const { via, way } = protocol?.way({ homes: [home] }, "link") ?? {};
  expect(via).toBe("home");
  const share: Share = { ...noticed(inviter, "ada", null), link: kept, targets: [] };
  const calls: Call[] = [];
  const record = (call: Call) => void calls.push(call);
  const reply = await way?.follow(share, dora, { signal: AbortSignal.timeout(60_000), record });
  if (reply === undefined) throw new Error("There is no way.");
  return { reply, calls };
}

describe("an invitation for an account at home at Nextcloud", () => {
  test("is accepted by its contacts app, which tells the inviter's server; a second time it stands", async () => {
    await using inviter = await stage.start(startNextcloud, inviterName, {
      generation: 34,
      users: [{ uid: "ada", mail: "ada@inviter.example" }],
    });
    await using server = await stage.start(startNextcloud, homeName, {
      generation: 34,
      users: [{ uid: "dora", mail: "dora@home.example" }],
    });
    const { token, code } = inviter.createInvite("ada");
    const home = homeAt("nextcloud", server, "dora", server.appPassword("dora"));
    const first = await accept(home, server, inviter, code);
    expect(first.reply).toMatchObject({ kind: "settled", because: "contact-added" });
    expect(JSON.stringify(first.calls)).not.toContain(token);
    expect(inviter.invites()[0]?.accepted).toMatchObject({ provider: server.host });
    expect(server.contacts()).toHaveLength(1);
    expect((await accept(home, server, inviter, code)).reply.kind).toBe("settled");
  });

  test("says where to go where it has no contacts app", async () => {
    await using inviter = await stage.start(startNextcloud, inviterName, {
      generation: 34,
      users: [{ uid: "ada", mail: "ada@inviter.example" }],
    });
    await using server = await stage.start(startNextcloud, homeName, {
      generation: 34,
      users: [{ uid: "dora" }],
      settings: { contactsApp: false },
    });
    const { link } = inviter.createInvite("ada");
    const home = homeAt("nextcloud", server, "dora", server.appPassword("dora"));
    expect((await accept(home, server, inviter, link)).reply).toMatchObject({
      kind: "no",
      because: "home-takes-no-invitations",
      detail: expect.stringContaining(server.host),
    });
  });
});

async function clouds() {
  const stack = new AsyncDisposableStack();
  const inviter = stack.use(await stage.start(startOpenCloud, inviterName, {}));
  const server = stack.use(await stage.start(startOpenCloud, homeName, {}));
  inviter.addUser({ login: "ada", displayName: "Ada", mail: "ada@inviter.example" });
  const user = server.addUser({ login: "dora", displayName: "Dora", mail: "dora@home.example" });
  inviter.trust(server.host);
  const home = homeAt("opencloud", server, "dora", user.appPassword);
  const { token } = await inviter.createInvite("ada");
  const link = `https://directory.example/accept?token=${token}&providerDomain=${inviter.host}`;
  const close = async () => stack.disposeAsync();
  return { inviter, server, home, link, token, [Symbol.asyncDispose]: close };
}

describe("an invitation for an account at home at OpenCloud", () => {
  test("is accepted there, and again (409) it stands", async () => {
    await using opened = await clouds();
    const { inviter, server, home, link } = opened;
    server.trust(inviter.host);
    expect((await accept(home, server, inviter, link)).reply).toMatchObject({ kind: "settled" });
    expect(server.contacts()).toHaveLength(1);
    expect((await accept(home, server, inviter, link)).reply).toMatchObject({ kind: "settled" });
  });

  test("says that the inviter's server is not listed (500)", async () => {
    await using opened = await clouds();
    const { inviter, server, home, link } = opened;
    expect((await accept(home, server, inviter, link)).reply).toMatchObject({
      kind: "no",
      because: "provider-not-known",
      detail: expect.stringContaining("administrator"),
    });
  });

  test("that has expired is over", async () => {
    await using opened = await clouds();
    const { inviter, server, home, link, token } = opened;
    server.trust(inviter.host);
    inviter.expireInvite(token);
    expect((await accept(home, server, inviter, link)).reply).toMatchObject({
      kind: "no",
      because: "invitation-over",
    });
  });
});
