import { describe, expect, test } from "vitest";
import { readObject } from "../ocm/json.ts";
import { openTwoClouds, type TwoClouds } from "./world.ts";

async function accepted({ ask, anna, dora }: TwoClouds, change: object = {}) {
  const fields = { userID: "dora", email: "dora@mail.example", name: "Dora" };
  const body = { recipientProvider: dora.host, token: "none", ...fields, ...change };
  const { status, text } = await ask("POST", `${anna.origin}/ocm/invite-accepted`, { body });
  return { status, told: readObject(text) };
}

describe("invite-accepted", () => {
  test("tells a base64 id, and says 200 again to a repeat", async () => {
    await using clouds = await openTwoClouds();
    const { anna, dora, annasUser } = clouds;
    const { token } = await anna.createInvite("anna");
    for (const _ of [1, 2]) {
      expect(await accepted(clouds, { token })).toEqual({
        status: 200,
        told: { userID: annasUser.userId, email: "anna@mail.example", name: "Anna Example" },
      });
    }
    expect(atob(annasUser.userId)).toMatch(new RegExp(`^[0-9a-f-]{36}@https://${anna.host}$`));
    expect(anna.contacts()).toMatchObject([{ login: "anna", userId: "dora", provider: dora.host }]);
  });

  test("refuses a missing field (400), a stranger (403), an unknown token (404) and one that expired (400)", async () => {
    await using clouds = await openTwoClouds();
    const { token } = await clouds.anna.createInvite("anna");
    for (const name of ["recipientProvider", "token", "userID", "email", "name"]) {
      expect(await accepted(clouds, { token, [name]: undefined })).toMatchObject({
        status: 400,
        told: { code: "INVALID_PARAMETER" },
      });
    }
    expect(await accepted(clouds, { token, userID: undefined, userId: "dora" })).toMatchObject({
      status: 400,
    });
    const stranger = await accepted(clouds, { token, recipientProvider: "elsewhere.example" });
    expect(stranger).toMatchObject({ status: 403, told: { message: expect.anything() } });
    expect(await accepted(clouds)).toMatchObject({ status: 404 });
    clouds.anna.expireInvite(token);
    expect(await accepted(clouds, { token })).toMatchObject({ status: 400 });
    expect(clouds.anna.contacts()).toEqual([]);
  });

  test("that is sent as a form is noted: nobody knows what the real one says", async () => {
    await using clouds = await openTwoClouds();
    const headers = { "Content-Type": "application/x-www-form-urlencoded" };
    await clouds.ask("POST", `${clouds.anna.origin}/ocm/invite-accepted`, { headers, body: "token=x" });
    expect(clouds.anna.refusals()).toHaveLength(1);
  });

  test.each([
    ["id-at-host", /^[0-9a-f-]{36}@cloud\.anna\.example:\d+$/],
    ["bare", /^[0-9a-f-]{36}$/],
  ] as const)("of reva tells an id in the form %s", async (userIds, form) => {
    await using clouds = await openTwoClouds({ family: "reva", userIds });
    const { token } = await clouds.anna.createInvite("anna");
    expect((await accepted(clouds, { token })).told?.["userID"]).toMatch(form);
    expect(clouds.anna.addressOf("anna")).toMatch(/^[0-9a-f-]{36}@cloud\.anna\.example:\d+$/);
  });
});

async function accept(clouds: TwoClouds, body: object, password = clouds.dorasUser.appPassword) {
  const headers = { Authorization: `Basic ${btoa(`dora:${password}`)}` };
  const { status, text } = await clouds.ask("POST", `${clouds.dora.origin}/sciencemesh/accept-invite`, {
    headers,
    body,
  });
  return { status, text };
}

describe("accept-invite", () => {
  test("posts unsigned to the provider, answers 200 without a body, then 409", async () => {
    await using clouds = await openTwoClouds();
    const { anna, dora } = clouds;
    const { token, providerDomain } = await anna.createInvite("anna");
    expect(providerDomain).toBe(anna.origin);
    expect(await accept(clouds, { token, providerDomain })).toEqual({ status: 200, text: "" });
    expect(await accept(clouds, { token, providerDomain: anna.host })).toMatchObject({
      status: 409,
      text: expect.stringContaining("ALREADY_EXIST"),
    });
    const [post] = anna.received("invite");
    expect([post?.headers.get("user-agent"), readObject(post?.body ?? "")]).toEqual([
      "Go-http-client/1.1",
      {
        recipientProvider: dora.host,
        token,
        userID: clouds.dorasUser.userId,
        email: "dora@mail.example",
        name: "Dora O'Hara",
      },
    ]);
    expect(post?.headers.has("signature")).toBe(false);
    expect([anna.contacts(), dora.contacts()]).toMatchObject([[{ login: "anna" }], [{ login: "dora" }]]);
  });

  test("refuses a wrong password (401), half a body and a dead token (400), a host that is not in the providers file (500)", async () => {
    await using clouds = await openTwoClouds();
    const good = { token: "none", providerDomain: clouds.anna.host };
    expect((await accept(clouds, good, "wrong")).status).toBe(401);
    expect((await accept(clouds, { token: "none" })).status).toBe(400);
    expect((await accept(clouds, good)).status).toBe(400);
    expect((await accept(clouds, { ...good, providerDomain: "elsewhere.example" })).status).toBe(500);
    await clouds.anna.goDown();
    expect((await accept(clouds, good)).status).toBe(500);
  });
});
