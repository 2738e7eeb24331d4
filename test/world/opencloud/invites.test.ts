import { describe, expect, test } from "vitest";
import { readObject } from "../ocm/json.ts";
import { openTwoClouds, type TwoClouds } from "./world.ts";

async function accepted({ ask, ada, dora }: TwoClouds, change: object = {}) {
  const fields = { userID: "dora", email: "dora@mail.example", name: "Dora" };
  const body = { recipientProvider: dora.host, token: "none", ...fields, ...change };
  const { status, text } = await ask("POST", `${ada.origin}/ocm/invite-accepted`, { body });
  return { status, told: readObject(text) };
}

describe("invite-accepted", () => {
  test("tells a base64 id, and says 200 again to a repeat", async () => {
    await using clouds = await openTwoClouds();
    const { ada, dora, adasUser } = clouds;
    const { token } = await ada.createInvite("ada");
    for (const _ of [1, 2]) {
      expect(await accepted(clouds, { token })).toEqual({
        status: 200,
        told: { userID: adasUser.userId, email: "ada@mail.example", name: "Ada Example" },
      });
    }
    expect(atob(adasUser.userId)).toMatch(new RegExp(`^[0-9a-f-]{36}@https://${ada.host}$`));
    expect(ada.contacts()).toMatchObject([{ login: "ada", userId: "dora", provider: dora.host }]);
  });

  test("refuses a missing field (400), a stranger (403), an unknown token (404) and one that expired (400)", async () => {
    await using clouds = await openTwoClouds();
    const { token } = await clouds.ada.createInvite("ada");
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
    clouds.ada.expireInvite(token);
    expect(await accepted(clouds, { token })).toMatchObject({ status: 400 });
    expect(clouds.ada.contacts()).toEqual([]);
  });

  test("that is sent as a form is noted: nobody knows what the real one says", async () => {
    await using clouds = await openTwoClouds();
    const headers = { "Content-Type": "application/x-www-form-urlencoded" };
    await clouds.ask("POST", `${clouds.ada.origin}/ocm/invite-accepted`, { headers, body: "token=x" });
    expect(clouds.ada.refusals()).toHaveLength(1);
  });

  test.each([
    ["id-at-host", /^[0-9a-f-]{36}@cloud\.ada\.example:\d+$/],
    ["bare", /^[0-9a-f-]{36}$/],
  ] as const)("of reva tells an id in the form %s", async (userIds, form) => {
    await using clouds = await openTwoClouds({ family: "reva", userIds });
    const { token } = await clouds.ada.createInvite("ada");
    expect((await accepted(clouds, { token })).told?.["userID"]).toMatch(form);
    expect(clouds.ada.addressOf("ada")).toMatch(/^[0-9a-f-]{36}@cloud\.ada\.example:\d+$/);
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
    const { ada, dora } = clouds;
    const { token, providerDomain } = await ada.createInvite("ada");
    expect(providerDomain).toBe(ada.origin);
    expect(await accept(clouds, { token, providerDomain })).toEqual({ status: 200, text: "" });
    expect(await accept(clouds, { token, providerDomain: ada.host })).toMatchObject({
      status: 409,
      text: expect.stringContaining("ALREADY_EXIST"),
    });
    const [post] = ada.received("invite");
    expect([post?.headers.get("user-agent"), readObject(post?.body ?? "")]).toEqual([
      "Go-http-client/1.1",
      {
        recipientProvider: dora.host,
        token,
        userID: clouds.dorasUser.userId,
        email: "dora@mail.example",
        name: "Dora Example",
      },
    ]);
    expect(post?.headers.has("signature")).toBe(false);
    expect([ada.contacts(), dora.contacts()]).toMatchObject([[{ login: "ada" }], [{ login: "dora" }]]);
  });

  test("refuses a wrong password (401), half a body and a dead token (400), a host that is not in the providers file (500)", async () => {
    await using clouds = await openTwoClouds();
    const good = { token: "none", providerDomain: clouds.ada.host };
    expect((await accept(clouds, good, "wrong")).status).toBe(401);
    expect((await accept(clouds, { token: "none" })).status).toBe(400);
    expect((await accept(clouds, good)).status).toBe(400);
    expect((await accept(clouds, { ...good, providerDomain: "elsewhere.example" })).status).toBe(500);
    await clouds.ada.goDown();
    expect((await accept(clouds, good)).status).toBe(500);
  });
});
