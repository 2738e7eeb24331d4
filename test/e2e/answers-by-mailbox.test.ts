import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addressOf } from "../world/world.ts";
import { answerFolders, type BobsMail, bobsMail, type Held, openFolderScene } from "./answer-mail.ts";
import { type AnswerScene, noticeArrives, noWorkLeft } from "./answer-scene.ts";
import { makeJobsDue, notificationIn, subscriptionOf } from "./scene.ts";

const bob = addressOf("bob");
let scene: AnswerScene;
let mail: BobsMail;

beforeAll(async () => {
  scene = await openFolderScene();
  mail = bobsMail(scene);
});
afterAll(async () => scene[Symbol.asyncDispose]());

describe("a share mail that its owner moves in his mail program", () => {
  test("to Shares/Accept is followed, marked, told, and lies among what is done", async () => {
    const { id, token } = await mail.held("Accepted by moving");
    await mail.isMarked("Accepted by moving", "INBOX", "$UsherHeld");
    const asked = await noticeArrives(scene, "Accepted by moving");
    expect(asked.text).toContain("Shares/Accept");
    await mail.put("Accepted by moving", "Shares/Accept");
    await notificationIn(scene, "Accepted by moving", "followed");
    await mail.liesIn("Accepted by moving", "Shares/Done");
    await mail.isMarked("Accepted by moving", "Shares/Done", "$UsherFollowed");
    expect(await subscriptionOf(scene, id)).toMatchObject({ state: "SUBSCRIBED" });
    expect(scene.world.origin.guestLogins(token).successful).toBe(1);
    expect((await noticeArrives(scene, "Accepted by moving", { count: 2 })).subject).not.toBe(asked.subject);
  });

  test("to Shares/Decline is ignored, lies among what is done, and its origin hears nothing", async () => {
    const { token } = await mail.held("Declined by moving");
    await mail.put("Declined by moving", "Shares/Decline");
    await notificationIn(scene, "Declined by moving", "ignored");
    await mail.liesIn("Declined by moving", "Shares/Done");
    await mail.isMarked("Declined by moving", "Shares/Done", "$UsherIgnored");
    expect(scene.world.origin.counters().linkOpens[token] ?? 0).toBe(0);
  });

  const failures: readonly (readonly [string, (share: Held) => void, string, string, RegExp])[] = [
    [
      "revoked meanwhile",
      ({ token }) => scene.world.origin.revoke(token),
      "failed",
      "$UsherFailed",
      /no longer exists/,
    ],
    [
      "made for another account",
      ({ token }) => scene.world.origin.setMail(token, "carla@elsewhere.example"),
      "failed",
      "$UsherFailed",
      /made for another address/,
    ],
    [
      "with a password",
      ({ token }) => scene.world.origin.setPassword(token, "guest-canary"),
      "needs-password",
      "$UsherHeld",
      /password/,
    ],
  ];
  test.each(failures)(
    "to Shares/Accept comes back with a short explanation where the share is %s",
    async (what, happens, state, keyword, words) => {
      const title = `Moved and ${what}`;
      const share = await mail.held(title);
      await noticeArrives(scene, title);
      happens(share);
      await mail.put(title, "Shares/Accept");
      await notificationIn(scene, title, state === "failed" ? "failed" : "needs-password");
      await mail.liesIn(title, "INBOX");
      await mail.isMarked(title, "INBOX", keyword);
      const told = await noticeArrives(scene, title, { count: 2 });
      expect(told.text).toMatch(words);
      expect(told.text).not.toContain(share.token);
    },
  );

  test("works the second time, when what was wrong is mended", async () => {
    const title = "Mended";
    const { token } = await mail.held(title);
    const { origin } = scene.world;
    origin.setMail(token, "carla@elsewhere.example");
    await mail.put(title, "Shares/Accept");
    await notificationIn(scene, title, "failed");
    await mail.liesIn(title, "INBOX");
    await noWorkLeft(scene);
    origin.setMail(token, bob);
    await mail.put(title, "Shares/Accept");
    await notificationIn(scene, title, "followed");
    await mail.liesIn(title, "Shares/Done");
    await mail.isMarked(title, "Shares/Done", "$UsherFollowed");
  });

  test("comes back, and a mail says why, where the answer can change nothing", async () => {
    const title = "Too late";
    const { id } = await mail.held(title);
    await mail.put(title, "Shares/Accept");
    await mail.liesIn(title, "Shares/Done");
    await noticeArrives(scene, title, { count: 2 });
    await mail.put(title, "Shares/Decline", "Shares/Done");
    await mail.liesIn(title, "INBOX");
    await noticeArrives(scene, title, { count: 3 });
    expect(await subscriptionOf(scene, id)).toMatchObject({ state: "SUBSCRIBED" });
    await mail.isMarked(title, "INBOX", "$UsherFollowed");
  });

  test("waits in Shares/Accept while its origin is down, and goes on when that is up", async () => {
    const title = "Origin down";
    await mail.held(title);
    await scene.world.origin.goDown();
    await mail.put(title, "Shares/Accept");
    await notificationIn(scene, title, "accepted");
    expect(await mail.places(title)).toEqual(["Shares/Accept"]);
    await mail.isMarked(title, "Shares/Accept", "$UsherAccepted");
    await scene.world.origin.comeUp();
    await makeJobsDue(scene, "follow");
    await notificationIn(scene, title, "followed");
    await mail.liesIn(title, "Shares/Done");
  });
});

test("no mail was marked as seen, in no folder", async () => {
  for (const folder of answerFolders) {
    const flags = await scene.world.dovecot.flags(bob, folder);
    expect(flags.filter((each) => each.includes("\\Seen"))).toEqual([]);
  }
});
