/**
 * `npm run bench`: how fast Usher does its work, as ratios to named baselines that are measured in turns with it, so
 * that the numbers travel between machines. Exit code 0 when every ratio reaches its goal. `-- --json` ends with one
 * line of JSON.
 */
import { runUnderCurtain } from "../world/curtain.ts";
import { detectionContests } from "./detection.ts";
import { invitationContests } from "./invitations.ts";
import { mailboxContests } from "./mailbox.ts";
import { type Ceiling, type Contest, hold, holdBelow, type Result } from "./measure.ts";
import { queueContests } from "./queue.ts";
import { sendingContests } from "./sending.ts";

await runUnderCurtain(async (own) => {
  const results: Result[] = [];
  const groups: readonly (() => Measured | Promise<Measured>)[] = [
    detectionContests,
    async () => mailboxContests(own),
    invitationContests,
    async () => sendingContests(own),
    async () => queueContests(own),
  ];
  for (const contests of groups) {
    for (const contest of await contests()) {
      const result = await ("mostMs" in contest ? holdBelow(contest) : hold(contest));
      results.push(result);
      console.log(lineOf(result));
    }
  }
  if (process.argv.includes("--json")) console.log(JSON.stringify({ results }));
  const missed = results.filter(({ ok }) => !ok).length;
  if (missed > 0) throw new Error(`${missed} of ${results.length} goals were missed.`);
});

type Measured = readonly (Contest | Ceiling)[];

function lineOf({ name, value, baseline, ratio, goal, ok }: Result): string {
  return `${ok ? "ok  " : "MISS"}  ${name}: ${value} / ${baseline} = ${ratio} (goal ${goal})`;
}
