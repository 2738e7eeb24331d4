import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Stage } from "../ocm/stage.ts";
import { asForm, openScene, openSceneStage, shown, type Scene } from "./scene.ts";
import { startNextcloud } from "./nextcloud.ts";

// invite-accepted and its deviations (reference/ocm.md 4.2).

let stage: Stage;
beforeAll(async () => {
  stage = await openSceneStage();
});
afterAll(async () => stage[Symbol.asyncDispose]());

function answerTo(token: string, change: object = {}) {
  const person = { userID: "dora", userId: "dora", email: "dora@mail.example", name: "Dora E." };
  return { recipientProvider: "stranger.example", token, ...person, ...change };
}

async function accept({ post }: Scene, fields: object) {
  return shown(await post("/invite-accepted", JSON.stringify(fields)));
}

describe("Nextcloud 32", () => {
  test("answers with the inviter, once, for JSON and forms", async () => {
    const scene = await openScene(stage, 32);
    const [first, second] = [scene.cloud.createInvite("ada"), scene.cloud.createInvite("ada")];
    const inviter = { userID: "ada", email: "ada@mail.example", name: "Ada E." };
    expect(await accept(scene, answerTo(first.token))).toEqual([200, inviter]);
    const repeated = { message: "Invite already accepted", error: true };
    expect(await accept(scene, answerTo(first.token))).toEqual([409, repeated]);
    const form = String(new URLSearchParams(answerTo(second.token)));
    expect(shown(await scene.post("/invite-accepted", form, asForm))).toEqual([200, inviter]);
    expect(scene.cloud.invites()).toMatchObject([
      { accepted: { provider: "stranger.example", userId: "dora" } },
      { accepted: { provider: "stranger.example", userId: "dora" } },
    ]);
    expect(scene.cloud.refusals()).toEqual([]);
  });

  test("fails inside without userId", async () => {
    const scene = await openScene(stage, 32);
    const { token } = scene.cloud.createInvite("ada");
    const [status] = await accept(scene, answerTo(token, { userId: undefined }));
    expect(status).toBe(500);
    expect(scene.cloud.refusals()).toEqual([]);
  });

  test("refuses unknown and expired tokens, and those of inviters without a mail address", async () => {
    const scene = await openScene(stage, 32);
    const unknown = { message: "Invalid or non existing token", error: true };
    expect(await accept(scene, answerTo("0"))).toEqual([400, unknown]);
    expect(await accept(scene, answerTo(scene.cloud.createInvite("bob").token))).toEqual([400, unknown]);
    const { token } = scene.cloud.createInvite("ada");
    scene.cloud.expireInvite(token);
    const expired = { message: "Invitation expired", error: true };
    expect(await accept(scene, answerTo(token))).toEqual([400, expired]);
  });

  test("has no page to accept invitations", async () => {
    const scene = await openScene(stage, 32);
    const { link } = scene.cloud.createInvite("ada");
    await expect(scene.cloud.acceptInvite("bob", link)).rejects.toThrow("no page");
  });
});

describe("the master line", () => {
  test("without the contacts app has nobody who listens", async () => {
    const scene = await openScene(stage, 34, { contactsApp: false });
    const answer = await scene.post("/invite-accepted", JSON.stringify(answerTo("0")));
    expect([answer.status, answer.text]).toEqual([404, '""']);
  });

  test("with it reads userID, and makes a contact of it", async () => {
    const scene = await openScene(stage, 34);
    const { token } = scene.cloud.createInvite("ada");
    expect((await accept(scene, answerTo(token, { name: "" })))[0]).toBe(400);
    expect((await accept(scene, answerTo(token, { userID: undefined })))[0]).toBe(404);
    expect((await accept(scene, answerTo("0")))[0]).toBe(404);
    expect((await accept(scene, answerTo(token, { userId: undefined })))[0]).toBe(200);
    expect(scene.cloud.contacts()).toMatchObject([{ of: "ada", address: "dora@stranger.example" }]);
    expect((await accept(scene, answerTo(token)))[0]).toBe(409);
  });

  test.each([
    ["json", "application/json"],
    ["form", "application/x-www-form-urlencoded"],
  ] as const)("accepts an invitation of another one, unsigned, as %s", async (inviteForm, type) => {
    const scene = await openScene(stage, 34, { inviteForm });
    const { cloud } = scene;
    const users = [{ uid: "eve", displayName: "Eve E.", mail: "eve@mail.example" }];
    const other = await stage.start(startNextcloud, "stranger.example", { generation: 34, users });
    const invite = cloud.createInvite("ada");
    const settled = { of: "eve", address: cloud.address("ada"), name: "Ada E." };
    other.settings.inviteForm = inviteForm;
    const outcome = await other.acceptInvite("eve", invite.link);
    expect(outcome).toMatchObject({ kind: "accepted", contact: settled });
    expect(cloud.contacts()).toMatchObject([{ of: "ada", address: other.address("eve") }]);
    const [posted] = cloud.received("invite");
    expect(posted?.headers.get("content-type")).toBe(type);
    expect(posted?.headers.has("signature")).toBe(false);
    expect(await other.acceptInvite("eve", invite.inviteString)).toMatchObject({ status: 409 });
    expect(await other.wayf(invite.token, cloud.host)).toBe(
      `${cloud.origin}/index.php/apps/contacts/ocm/invite-accept-dialog?token=${invite.token}&providerDomain=${encodeURIComponent(other.host)}`,
    );
    expect([...cloud.refusals(), ...other.refusals()]).toEqual([]);
  });

  test("accepts nothing of a server without invitations", async () => {
    const scene = await openScene(stage, 34);
    const outcome = await scene.cloud.acceptInvite("ada", `some-token@${scene.stranger.host}`);
    expect(outcome).toEqual({ kind: "failed", status: null });
    expect(await scene.cloud.wayf("some-token", scene.stranger.host)).toBeNull();
  });
});
