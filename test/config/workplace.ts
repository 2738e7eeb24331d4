import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ConfigProblem, loadConfig } from "../../src/config/load.ts";

/** A temporary directory with a key and whatever a test writes. */
export interface Workplace extends AsyncDisposable {
  readonly directory: string;
  readonly file: string;
  write(name: string, text: string, mode?: number): Promise<string>;
  load(yaml: string, env?: Record<string, string>): ReturnType<typeof loadConfig>;
  /** The problems of a configuration that has some. */
  problems(yaml: string, env?: Record<string, string>): Promise<readonly ConfigProblem[]>;
}

export async function openWorkplace(): Promise<Workplace> {
  const directory = await mkdtemp(join(tmpdir(), "usher-config-"));
  const file = join(directory, "usher.yaml");
  const place: Workplace = {
    directory,
    file,
    async write(name, text, mode = 0o600) {
      const path = join(directory, name);
      await writeFile(path, text);
      await chmod(path, mode);
      return path;
    },
    async load(yaml, env = {}) {
      await place.write("usher.yaml", yaml, 0o644);
      return loadConfig(file, env);
    },
    async problems(yaml, env = {}) {
      const loaded = await place.load(yaml, env);
      if (loaded.ok) throw new Error("The configuration was expected to be wrong.");
      return loaded.problems;
    },
    async [Symbol.asyncDispose]() {
      await rm(directory, { recursive: true });
    },
  };
  await place.write("usher.key", `${randomBytes(32).toString("base64")}\n`);
  return place;
}
