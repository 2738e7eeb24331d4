import { planTwenty } from "../sharing/twenty.ts";

/**
 * Kills a sending of twenty invitations at its first step, another one at its second, and so on through all steps; gives
 * how many there are, and what was lost or doubled beyond the stated bound.
 */
export async function killAtEveryStep(): Promise<{
  readonly steps: number;
  readonly problems: readonly string[];
}> {
  const problems: string[] = [];
  for (let step = 1; ; step += 1) {
    await using twenty = await planTwenty();
    const survived = await twenty.sendAndDieAt(step);
    await twenty.sendTheRest();
    problems.push(...(await twenty.verdict()).map((problem) => `killed at step ${step}: ${problem}`));
    if (survived !== null) return { steps: survived, problems };
  }
}
