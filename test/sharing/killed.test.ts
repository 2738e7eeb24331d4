import { expect, test } from "vitest";
import type { SmtpPhase } from "../world/scripted-smtp.ts";
import { planTwenty } from "./twenty.ts";

test("a sending of twenty whose process is killed at its 1st step, then at its 2nd, 3rd ... until all is sent, doubles nothing beyond the bound", async () => {
  await using twenty = await planTwenty();
  let lives = 0;
  for (let step = 1; (await twenty.sendAndDieAt(step)) === null; step += 1) lives = step;
  expect(lives).toBeGreaterThan(15);
  await twenty.sendTheRest();
  expect(await twenty.verdict()).toEqual([]);
});

test("nor does one that is killed whenever the mail server reaches a phase of the conversation", async () => {
  await using twenty = await planTwenty();
  const phases: readonly SmtpPhase[] = ["greeting", "ehlo", "mail", "rcpt", "data", "content", "content"];
  for (const phase of phases) await twenty.sendAndDieAtPhase(phase);
  await twenty.sendTheRest();
  expect(await twenty.verdict()).toEqual([]);
  expect(twenty.server.mails.length).toBeGreaterThanOrEqual(20);
});
