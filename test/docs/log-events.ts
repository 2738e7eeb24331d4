import { globSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readProject, root } from "./markdown.ts";

interface Union {
  readonly file: string;
  readonly member: RegExp;
}

/** Events whose names are put together, and the types in the sources that say from what. */
const unions: Readonly<Record<string, readonly Union[]>> = {
  "outbound-${kind}": [{ file: "src/http/guarded-client.ts", member: /readonly kind: ("[^;]+");/ }],
  "job-${result}": [{ file: "src/jobs/attempt.ts", member: /readonly result: ("[^;]+");/ }],
  event: [
    { file: "src/receiving/parts.ts", member: /export type ReceivingEvent =([^;]+);/ },
    { file: "src/sharing/parts.ts", member: /export type SharingEvent =([^;]+);/ },
    { file: "src/instances/parts.ts", member: /export type InstanceEvent =([^;]+);/ },
    { file: "src/federation/parts.ts", member: /export type FederationEvent =([^;]+);/ },
  ],
};

/** Every event that the sources can log, with the levels at which they do. Throws for a name that cannot be read. */
export async function eventsInSources(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const events = new Map<string, Set<string>>();
  for (const file of globSync("src/**/*.ts", { cwd: fileURLToPath(root) })) {
    const calls = (await readProject(file)).matchAll(
      /\blog\??\.(debug|info|warn|error)\(\s*(?:"([^"]+)"|`([^`]+)`|(\w+))/g,
    );
    for (const [, level = "", plain, composed, variable] of calls) {
      const names = plain === undefined ? await namesOf(composed ?? variable ?? "") : [plain];
      for (const name of names) events.set(name, (events.get(name) ?? new Set()).add(level));
    }
  }
  return events;
}

async function namesOf(written: string): Promise<readonly string[]> {
  const known = unions[written];
  if (known === undefined) throw new Error(`No rule tells which events are logged as ${written}.`);
  const values = (await Promise.all(known.map(membersOf))).flat();
  return values.map((value) => (written.includes("$") ? written.replace(/\$\{\w+\}/, value) : value));
}

async function membersOf({ file, member }: Union): Promise<readonly string[]> {
  const source = (await readProject(file)).replaceAll(/\/\*.*?\*\//gs, "");
  const [, members = ""] = member.exec(source) ?? [];
  const values = [...members.matchAll(/"([^"]+)"/g)].map(([, value]) => value ?? "");
  if (values.length === 0) throw new Error(`${file} does not say which events it logs.`);
  return values;
}
