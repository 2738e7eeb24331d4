import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type BobsMail, bobsMail, openFolderScene } from "./answer-mail.ts";
import { type AnswerScene, noticeArrives, noticesAbout, noWorkLeft } from "./answer-scene.ts";
import { notificationIn, notificationsTitled } from "./scene.ts";

let scene: AnswerScene;
let mail: BobsMail;

beforeAll(async () => {
  scene = await openFolderScene();
  mail = bobsMail(scene);
});
afterAll(async () => scene[Symbol.asyncDispose]());

describe("an answer by moving survives that the daemon is killed", () => {
  const moments: readonly (readonly [string, (title: string) => Promise<unknown>])[] = [
    ["before it looked", async () => Promise.resolve()],
    ["as soon as it had accepted", async (title) => notificationIn(scene, title, "accepted")],
    ["as soon as it followed", async (title) => notificationIn(scene, title, "followed")],
  ];
  test.each(moments)("killed %s", async (when, moment) => {
    const title = `Killed ${when}`;
    const { id, token } = await mail.held(title);
    await noticeArrives(scene, title);
    const killed = Promise.withResolvers<undefined>();
    // Else nobody could be sure to see it while it is accepted only.
    if (when === "as soon as it had accepted") {
      scene.world.origin.misbehave({ kind: "held", until: killed.promise }, "all", 1);
    }
    if (when === "before it looked") await scene.daemon.end("SIGKILL");
    await mail.put(title, "Shares/Accept");
    await moment(title);
    await scene.daemon.end("SIGKILL");
    killed.resolve(undefined);
    await scene.start();
    await notificationIn(scene, title, "followed");
    await mail.liesIn(title, "Shares/Done");
    await noWorkLeft(scene);
    await mail.isMarked(title, "Shares/Done", "$UsherFollowed");
    expect(await notificationsTitled(scene, title)).toHaveLength(1);
    const { db } = scene.store;
    const subscriptions = db.selectFrom("subscription").select("id").where("notification_id", "=", id);
    expect(await subscriptions.execute()).toHaveLength(1);
    const answers = db.selectFrom("record").select("detail_json").where("notification_id", "=", id);
    const said = await answers.where("kind", "=", "decision").execute();
    expect(said.filter(({ detail_json: text }) => text.includes('"mailbox"'))).toHaveLength(1);
    // A kill amid the sending repeats the same mail.
    const notices = await noticesAbout(scene, title);
    expect(new Set(notices.map(({ messageId }) => messageId)).size).toBe(2);
    expect(scene.world.origin.openSessions()).toBe(0);
    expect(scene.world.origin.guestLogins(token).successful).toBeGreaterThan(0);
  });
});

test("where keywords are switched off, the mail moves and bears none", async () => {
  await scene.world.configure({ mailbox: { pollEvery: "1s", answerFolder: "Shares", keywords: false } });
  scene.daemon.reload();
  await scene.daemon.waitFor("reloaded");
  await mail.held("Without keywords");
  await mail.put("Without keywords", "Shares/Accept");
  await mail.liesIn("Without keywords", "Shares/Done");
  await noWorkLeft(scene);
  expect(await mail.flagsIn("Shares/Done", "Without keywords")).toEqual([
    expect.not.stringContaining("Usher"),
  ]);
});
