import { expect, test } from "vitest";
import { limits } from "../../src/domain/limits.ts";
import { readTargets } from "../../src/store/notifications.ts";
import { openJudgeWorld } from "./judge-world.ts";

test("who mails one share for folder after folder fills no table, and starts no look for what is not kept", async () => {
  await using world = await openJudgeWorld();
  const { notificationId: id } = await world.mail();
  const folders = Array.from({ length: limits.shareTargets + 5 }, (_, index) => String(1000 + index));
  let last = null;
  for (const folder of folders) last = await world.mail({ messageId: `<${folder}@x>`, share: { folder } });
  expect(await readTargets(world.store.db, id)).toHaveLength(limits.shareTargets);
  expect(last?.isNewTarget).toBe(false);
});
