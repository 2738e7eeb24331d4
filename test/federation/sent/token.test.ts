import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { limits } from "../../../src/domain/limits.ts";
import type { Answer } from "../../world/ocm/caller.ts";
import { openSentWorld, type SentWorld, type Taken } from "./world.ts";

let world: SentWorld;
let share: Taken;
beforeAll(async () => {
  world = await openSentWorld([]);
});
afterAll(async () => world[Symbol.asyncDispose]());

const grant = "authorization_code";
const asked = { grant_type: grant, client_id: "cloud.example" };

async function exchange(fields: Readonly<Record<string, string>>): Promise<Answer> {
  return world.usher.ask("POST", "/ocm/token", { form: fields });
}

function tokenIn({ text }: Answer): string {
  const { access_token: token }: { access_token: string } = JSON.parse(text);
  return token;
}

async function opens(token: string): Promise<number> {
  return (await world.dav("GET", "/dav/ocm/", "", { headers: { authorization: `Bearer ${token}` } })).status;
}

describe("a secret is exchanged", () => {
  beforeAll(async () => {
    share = await world.taken();
  });

  test.each([
    ["as the specification has it", { form: { grant_type: grant, client_id: "cloud.example" } }],
    ["as OCM 1.2 had it", { body: { grant_type: "ocm_authorization_code", client_id: "cloud.example" } }],
    ["as reva does", { body: { grant_type: "ocm_share", client_id: "https://cloud.example" } }],
  ])("%s", async (_name, { form, body }: { form?: object; body?: object }) => {
    const code = { code: share.secret };
    const wanted = form === undefined ? { body: { ...body, ...code } } : { form: { ...form, ...code } };
    const answer = await world.usher.ask("POST", "/ocm/token", wanted);
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toEqual({
      access_token: expect.stringMatching(/^[\w-]{43}$/),
      token_type: "Bearer",
      expires_in: limits.ocmAccessTokenMs / 1000,
    });
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(await opens(tokenIn(answer))).toBe(200);
    // Not asked for by the share itself, it leaves the secret as it is.
    expect((await world.dav("GET", "/dav/ocm/", share.secret)).status).toBe(200);
  });

  test("anew, and the former token opens nothing any more", async () => {
    const first = tokenIn(await exchange({ ...asked, code: share.secret }));
    const second = tokenIn(await exchange({ ...asked, code: share.secret }));
    expect([await opens(first), await opens(second)]).toEqual([401, 200]);
  });

  test("for a while", async () => {
    const token = tokenIn(await exchange({ ...asked, code: share.secret }));
    const { db } = world.usher.site.store;
    await db
      .updateTable("ocm_access_token")
      .set({ expires_at: Date.now() - 1 })
      .execute();
    expect(await opens(token)).toBe(401);
    await world.usher.site.queue.enqueue(db, { kind: "sweep-federation", subject: "site", lane: "site" });
    await world.usher.work("sweep-federation");
    expect(await db.selectFrom("ocm_access_token").selectAll().execute()).toEqual([]);
  });

  test("and ends with the share", async () => {
    const one = await world.taken();
    const token = tokenIn(await exchange({ ...asked, code: one.secret }));
    await world.usher.usher("sharing", "revoke", one.id);
    expect(await opens(token)).toBe(401);
    const again = await exchange({ ...asked, code: one.secret });
    expect(again).toMatchObject({ status: 400, text: '{"error":"invalid_grant"}' });
  });

  test("is all that a secret is good for where the share says so", async () => {
    const strict = await world.taken({ exchange_token: true });
    expect((await world.dav("GET", "/dav/ocm/", strict.secret)).status).toBe(401);
    expect(await opens(strict.secret)).toBe(401);
    const answer = await exchange({ ...asked, code: strict.secret });
    expect(await opens(tokenIn(answer))).toBe(200);
  });
});

describe("nothing is given", () => {
  test.each([
    ["for another grant", { grant_type: "refresh_token" }, "unsupported_grant_type"],
    ["without a grant", { grant_type: undefined }, "invalid_request"],
    ["without a code", { code: undefined }, "invalid_request"],
    ["without a client", { client_id: undefined }, "invalid_request"],
    ["to no host", { client_id: "a b" }, "invalid_client"],
    ["for an unknown code", { code: "unknown" }, "invalid_grant"],
    ["to another host", { client_id: "other.example" }, "invalid_grant"],
  ])("%s", async (_name, change, error) => {
    const { secret } = await world.taken();
    const fields = { ...asked, code: secret, ...change };
    const answer = await world.usher.ask("POST", "/ocm/token", { body: fields });
    expect([answer.status, JSON.parse(answer.text)]).toEqual([400, { error }]);
  });

  test.each(["", "nonsense", "[]", '"text"', "null"])("for the body %j", async (body) => {
    const answer = await world.usher.ask("POST", "/ocm/token", { body });
    expect(answer).toMatchObject({ status: 400, text: '{"error":"invalid_request"}' });
  });

  test("where the signature is wrong, whatever the code", async () => {
    const { secret } = await world.taken();
    const headers = {
      signature:
        'keyId="https://cloud.example/ocm#signature",algorithm="rsa-sha512",headers="date",signature="AAAA"',
    };
    const body = { ...asked, code: secret };
    const answer = await world.usher.ask("POST", "/ocm/token", { headers, body });
    expect(answer).toMatchObject({ status: 400, text: '{"error":"invalid_client"}' });
  });

  test("to who guesses, and he is sent away for a while", async () => {
    const fields = { ...asked, code: "guess" };
    let answer = await exchange(fields);
    for (let tries = 0; answer.status === 400 && tries <= limits.wrongSecrets; tries += 1) {
      answer = await exchange({ ...fields, code: `guess-${tries}` });
    }
    expect(answer.status).toBe(429);
    const { secret } = await world.taken();
    expect((await exchange({ ...fields, code: secret })).status).toBe(200);
  });
});
