import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startDaemon, usher } from "../world/site.ts";
import { addressOf } from "../world/world.ts";
import { notificationIn, openScene, type Scene, until } from "./scene.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
  await scene.start();
});
afterAll(async () => scene[Symbol.asyncDispose]());

const broken = {
  mailbox: { pollEvery: "soon" },
  policy: [{ when: { account: "bob" }, then: "acept" }],
  polcy: [],
};

/** Each problem by its path, and the way out beside it. */
function expectAllProblems(text: string): void {
  expect(text).toContain("mailbox.pollEvery");
  expect(text).toContain('"soon"');
  expect(text).toContain("policy[0].then");
  expect(text).toContain("accept");
  expect(text).toContain("polcy");
  expect(text).toContain("policy?");
}

test("a wrong configuration ends the start with all its problems and exit code 78", async () => {
  const file = join(scene.world.directory, "broken.yaml");
  await writeFile(file, JSON.stringify({ ...broken, key: { file: "nowhere.key" } }));
  const run = await usher(file, ["serve"]);
  expect(run.code).toBe(78);
  expect(run.err).toContain(`the configuration ${file} cannot be used`);
  expectAllProblems(run.err);
  expect(run.err).toContain("nowhere.key");
});

test("a configuration that is no YAML says where", async () => {
  const file = join(scene.world.directory, "torn.yaml");
  await writeFile(file, "store:\n  file: usher.db\n key: [\n");
  const run = await usher(file, ["serve"]);
  expect(run.code).toBe(78);
  expect(run.err).toMatch(/torn\.yaml.*line \d+/s);
});

test("a reload of a wrong file keeps the old state and says why; then a right one applies", async () => {
  const { daemon, world } = scene;
  await world.configure(broken);
  daemon.reload();
  const refusal = await daemon.waitFor("reload-refused");
  expect(refusal.level).toBe("error");
  expect(refusal["because"]).toBe("the configuration is wrong; the old one stays");
  expectAllProblems(JSON.stringify(refusal["problems"]).replaceAll(String.raw`\"`, '"'));

  const before = world.share(addressOf("bob"), { title: "Under the old rules" });
  await world.deliver("bob", before.mail);
  await notificationIn(scene, "Under the old rules", "held");

  await world.configure({ policy: [{ when: { account: "bob" }, then: "ignore" }] });
  daemon.reload();
  await daemon.waitFor("reloaded");
  const after = world.share(addressOf("bob"), { title: "Under the new rules" });
  await world.deliver("bob", after.mail);
  const ignored = await notificationIn(scene, "Under the new rules", "ignored");
  expect(ignored.detail).toContain("rule 1 of the site says ignore");
  await notificationIn(scene, "Under the old rules", "held");
});

test("a second daemon on the same store ends with the reason, and the first goes on", async () => {
  const { daemon, world } = scene;
  await world.configure({});
  const second = startDaemon(world.configFile);
  expect(await second.ended).toBe(1);
  expect(second.text()).toContain("another usher serve runs on");
  expect(second.text()).toContain("state/usher.db");
  expect(second.text()).toContain("stop it first, or give this one a store of its own");
  const { mail } = world.share(addressOf("bob"), { title: "After the second daemon" });
  await world.deliver("bob", mail);
  await until("the first daemon still works", async () => {
    const rows = scene.store.db.selectFrom("notification").select("id");
    return (await rows.where("title", "=", "After the second daemon").execute()).length === 1;
  });
  expect((await scene.usherJson<{ serving: boolean }>("doctor")).serving).toBe(true);
  expect(daemon.log.filter(({ event }) => event === "stopping")).toEqual([]);
});
