import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Answer } from "../../world/cozy-v1a/stack/outgoing.ts";
import {
  accept,
  filesType,
  membersOf,
  openOwnerWorld,
  type OwnerWorld,
  type SharedFolder,
  shareWithStranger,
  statuses,
} from "./owner-world.ts";

let world: OwnerWorld;

beforeAll(async () => {
  world = await openOwnerWorld();
});

afterAll(async () => world[Symbol.asyncDispose]());

const client = {
  client_id: "c-at-bob",
  client_secret: "secret-of-alice-at-bob",
  registration_access_token: "registration",
  redirect_uris: ["https://alice.cozy.example/sharings/answer"],
  client_name: "Sharing Alice",
  client_kind: "sharing",
  software_id: "github.com/cozy/cozy-stack",
};

function tokenFor({ id }: SharedFolder) {
  const scope = `io.cozy.sharings:ALL:${id}`;
  return { token_type: "bearer", access_token: "access-at-bob", refresh_token: "refresh-at-bob", scope };
}

/** An answer as a recipient's Cozy sends it; what is given replaces single fields. */
async function answer(shared: SharedFolder, more: Readonly<Record<string, unknown>>): Promise<Answer> {
  const attributes = { public_name: "Bob", client, access_token: tokenFor(shared), ...more };
  const body = { data: { type: "io.cozy.sharings.answer", id: shared.id, attributes } };
  return world.alice.ask("POST", `/sharings/${shared.id}/answer`, { body });
}

function detailIn({ text }: Answer): string {
  const { errors }: { readonly errors: readonly { readonly detail: string }[] } = JSON.parse(text);
  return errors[0]?.detail ?? "";
}

interface Given {
  readonly client: { readonly client_id: string; readonly client_secret: string };
  readonly access_token: {
    readonly access_token: string;
    readonly refresh_token: string;
    readonly scope: string;
  };
  readonly xor_key: string;
}

function givenIn({ text }: Answer): Given {
  const { data }: { readonly data: { readonly type: string; readonly attributes: Given } } = JSON.parse(text);
  return data.attributes;
}

/** The state that discovery gives for a Cozy. */
async function discovered({ id }: SharedFolder, link: string, url: string): Promise<string> {
  const state = new URL(link).searchParams.get("state") ?? "";
  const reply = await world.alice.ask("POST", `/sharings/${id}/discovery`, {
    form: { state, url },
    headers: { accept: "application/json" },
  });
  const { redirect }: { readonly redirect: string } = JSON.parse(reply.text);
  return new URL(redirect).searchParams.get("state") ?? "";
}

/** Whether a token opens the sharing: who has one for it may ask what is missing. */
async function opens({ id }: SharedFolder, { access_token }: Given): Promise<boolean> {
  const headers = { authorization: `Bearer ${access_token.access_token}` };
  const reply = await world.alice.ask("POST", `/sharings/${id}/_revs_diff`, { headers, body: {} });
  return reply.status === 200;
}

describe("an answer", () => {
  test("without state, client or token finds the sharing in another state", async () => {
    const { shared } = await shareWithStranger(world);
    for (const more of [{ state: "" }, { client: null }, { access_token: null }]) {
      const reply = await answer(shared, { state: "A".repeat(22), ...more });
      expect([reply.status, detailIn(reply)]).toEqual([400, "Sharing is not in the expected state"]);
    }
  });

  test("with a wrong state is nobody's, as one for an unknown sharing", async () => {
    const { shared } = await shareWithStranger(world);
    const wrong = await answer(shared, { state: "A".repeat(22) });
    const unknown = await answer({ id: "0".repeat(32) }, { state: "A".repeat(22) });
    expect([wrong.status, detailIn(wrong)]).toEqual([404, "The member was not found"]);
    expect([unknown.status, unknown.text]).toEqual([wrong.status, wrong.text]);
  });

  test("of who has not told where his Cozy is names the parameter", async () => {
    const { shared, link } = await shareWithStranger(world);
    const state = new URL(link).searchParams.get("state");
    const reply = await answer(shared, { state });
    expect(reply.status).toBe(422);
    expect(JSON.parse(reply.text)).toMatchObject({ errors: [{ source: { parameter: "url" } }] });
    expect(await statuses(world, shared)).toEqual(["owner", "pending"]);
  });

  test("gives a client, tokens for this sharing alone, and a key", async () => {
    const { shared, link } = await shareWithStranger(world);
    const { shared: other } = await shareWithStranger(world);
    const state = await discovered(shared, link, world.bob.origin);
    const given = givenIn(await answer(shared, { state }));
    expect(given.client).toMatchObject({
      client_kind: "sharing",
      redirect_uris: [`${world.bob.origin}/sharings/answer`],
      client_uri: `${world.bob.origin}/`,
    });
    expect(given.access_token.scope).toBe(`io.cozy.sharings:ALL:${shared.id}`);
    const key = [...Buffer.from(given.xor_key, "base64")];
    expect(key).toHaveLength(16);
    expect(Math.max(...key)).toBeLessThan(16);
    expect(await opens(shared, given)).toBe(true);
    expect(await opens(other, given)).toBe(false);
  });

  test("given once more, because the first was lost, is one acceptance with new credentials", async () => {
    const { shared, link } = await shareWithStranger(world);
    const state = await discovered(shared, link, world.bob.origin);
    const first = givenIn(await answer(shared, { state }));
    const second = givenIn(await answer(shared, { state }));
    expect(await statuses(world, shared)).toEqual(["owner", "ready"]);
    expect([await opens(shared, first), await opens(shared, second)]).toEqual([false, true]);
    expect(second.xor_key).toBe(first.xor_key);
  });

  test("given twice at once is one acceptance", async () => {
    const { shared, link } = await shareWithStranger(world);
    const state = await discovered(shared, link, world.bob.origin);
    const replies = await Promise.all([answer(shared, { state }), answer(shared, { state })]);
    expect(replies.map(({ status }) => status)).toEqual([200, 200]);
    const opened = await Promise.all(replies.map(async (reply) => opens(shared, givenIn(reply))));
    expect(opened.filter(Boolean)).toHaveLength(1);
    expect(await statuses(world, shared)).toEqual(["owner", "ready"]);
  });

  test("of two people with one link is that of the one whose Cozy was told last; the other finds it taken", async () => {
    const { shared, link } = await shareWithStranger(world);
    const bobs = await discovered(shared, link, world.bob.origin);
    const carols = await discovered(shared, link, world.carol.origin);
    const replies = await Promise.all([answer(shared, { state: bobs }), answer(shared, { state: carols })]);
    expect(replies.map(({ status }) => status)).toEqual([404, 200]);
    expect(await membersOf(world, shared)).toMatchObject([
      {},
      { status: "ready", instance: world.carol.origin },
    ]);
    await expect(world.bob.owner.open(link)).rejects.toThrow("not shown");
  });

  test("of two people who open one link at once comes to one state at each", async () => {
    const { shared, link } = await shareWithStranger(world);
    const tries = [world.bob, world.carol].map(async (cozy) => accept(world, cozy, link));
    const outcomes = await Promise.allSettled(tries);
    await world.settled();
    expect(outcomes.map(({ status }) => status)).toContain("fulfilled");
    const [, member] = await membersOf(world, shared);
    const [winner, loser] =
      member?.["instance"] === world.bob.origin ? [world.bob, world.carol] : [world.carol, world.bob];
    expect(member).toMatchObject({ status: "ready" });
    expect(winner.sharing(shared.id)?.active).toBe(true);
    expect(loser.sharing(shared.id)?.active ?? false).toBe(false);
    expect(winner.documents(filesType).length).toBeGreaterThan(0);
  });

  test("that was lost on its way is given again by a Cozy, and both sides agree", async () => {
    const { shared, link } = await shareWithStranger(world);
    const id = await world.carol.owner.open(link);
    // The first one reaches Alice, and its outcome is known to nobody.
    const { state = "" } = world.carol.sharing(id)?.credentials[0] ?? {};
    expect((await answer(shared, { state })).status).toBe(200);
    await world.carol.owner.accept(id);
    await world.alice.workAgain();
    await world.settled();
    expect(await statuses(world, shared)).toEqual(["owner", "ready"]);
    expect(world.carol.documents(filesType).length).toBeGreaterThan(0);
  });
});
