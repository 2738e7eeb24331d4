import { setTimeout as wait } from "node:timers/promises";
import { usher } from "../world/site.ts";

let steps = 0;

/** Prints the next step of the story. */
export function say(text: string): void {
  steps += 1;
  console.log(`\n${steps}. ${text}`);
}

export function indented(text: string): string {
  return text.replaceAll(/^/gm, "   ");
}

/** Runs a command as a person would, and shows it with what it printed. Throws when it does not end well. */
export async function show(configFile: string, ...args: readonly string[]): Promise<void> {
  const typed = args.map((arg) => (/[^\w@.:/-]/.test(arg) ? `"${arg}"` : arg)).join(" ");
  console.log(indented(`$ usher ${typed}`));
  const run = await usher(configFile, args);
  console.log(indented(`${run.out}${run.err}`.trimEnd()));
  expect(run.code === 0, `usher ${args.slice(0, 2).join(" ")} ends well`);
}

export function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`The demo expected that ${what}; it is not so.`);
}

/** Throws when it does not come true within half a minute. */
export async function waitUntil(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`The demo waited 30 s in vain until ${what}.`);
    await wait(50);
  }
}
