import { mkdir, open, readFile, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { newSiteKeys } from "../config/site-keys.ts";
import { generateKey } from "../store/sealing.ts";
import { type Cli, CommandError, print } from "./command.ts";

const systemDirectory = "/etc/usher";
const example = new URL("../../config/usher.yaml", import.meta.url);

interface InitOptions {
  readonly directory: string;
  readonly json?: true;
}

export function registerInit(program: Command, cli: Cli): void {
  program
    .command("init")
    .description("write a new configuration and a key")
    .option("-d, --directory <directory>", "where to write them", systemDirectory)
    .option("--json", "as JSON")
    .action(async (options: InitOptions) => init(cli, options));
}

async function init(cli: Cli, { directory, json }: InitOptions): Promise<void> {
  const place = resolve(directory);
  const configFile = join(place, "usher.yaml");
  const keyFile = join(place, "usher.key");
  const siteKeysFile = join(place, "usher-ocm.pem");
  const config = configText(await readFile(example, "utf8"), place);
  await refusing(place, async () => mkdir(place, { recursive: true, mode: 0o750 }));
  if (!(await writeNew(configFile, config, 0o640))) {
    throw new CommandError(
      `${configFile} exists already and stays as it is; nothing was written. Name another place with --directory.`,
    );
  }
  // A key that is there already may seal a database: it is kept.
  const isKeyNew = await writeNew(keyFile, `${generateKey().reveal()}\n`, 0o600);
  // Other servers may know the site by keys that are there already: they are kept as well.
  const areSiteKeysNew = await writeNew(siteKeysFile, await newSiteKeys(), 0o600);
  const lines = [
    `Wrote ${configFile}`,
    isKeyNew ? `Wrote ${keyFile}` : `Kept ${keyFile}, which was there already`,
    areSiteKeysNew ? `Wrote ${siteKeysFile}` : `Kept ${siteKeysFile}, which was there already`,
    ...nextSteps(place, configFile, [keyFile, siteKeysFile]),
  ];
  print(cli, json, { configFile, keyFile, isKeyNew, siteKeysFile, areSiteKeysNew }, lines);
}

/** Outside of /etc/usher an installation lies together in one directory. */
function configText(text: string, place: string): string {
  return place === systemDirectory ? text : text.replace("file: /var/lib/usher/usher.db", "file: usher.db");
}

function nextSteps(place: string, configFile: string, keyFiles: readonly string[]): string[] {
  const usher = `usher --config ${configFile}`;
  const steps =
    place === systemDirectory
      ? [
          "Check it: usher check, then usher check --connect",
          `Give it to the service's user: chown root:usher ${place} ${configFile} && chown usher: ${keyFiles.join(" ")}`,
          "Start it: systemctl enable --now usher",
          "Add accounts and mailboxes: sudo -u usher usher account add --help, then mailbox add --help",
        ]
      : [
          `Check it: ${usher} check, then ${usher} check --connect`,
          `Start it: ${usher} serve`,
          `Add accounts and mailboxes: ${usher} account add --help, then mailbox add --help`,
        ];
  return [
    "Next:",
    ...[
      `Keep copies of ${keyFiles.join(" and ")} in a safe place: nothing opens the database without the one, and other servers know this one by the other.`,
      `Edit ${configFile}: mailServers, and smtp for invitations.`,
      ...steps,
    ].map((step, index) => `  ${index + 1}. ${step}`),
  ];
}

/** Writes a file that was not there; false when it was. A file that could not be written whole is taken away. */
async function writeNew(file: string, text: string, mode: number): Promise<boolean> {
  return refusing(file, async () => {
    try {
      await using handle = await open(file, "wx", mode);
      await writeOrRemove(file, async () => handle.writeFile(text));
      await handle.sync();
      return true;
    } catch (error) {
      if (codeOf(error) === "EEXIST") return false;
      throw error;
    }
  });
}

async function writeOrRemove(file: string, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  }
}

async function refusing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = codeOf(error);
    if (code === null) throw error;
    const way = "run it as a user that may write there, or name another place with --directory";
    throw new CommandError(`${path} cannot be written (${code}); ${way}`);
  }
}

function codeOf(error: unknown): string | null {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;
}
