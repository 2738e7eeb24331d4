import { createPublicKey } from "node:crypto";
import type { Command } from "commander";
import { renameKeys, strayKeys } from "../federation/peers/own-keys.ts";
import { fingerprint } from "../federation/peers/peer-keys.ts";
import { listSiteKeys } from "../store/site-keys.ts";
import type { Site } from "../site.ts";
import { type Cli, CommandError, print, table } from "./command.ts";
import { whenText } from "./found.ts";
import { openSite } from "./site.ts";

interface Options {
  readonly rename?: true;
  readonly json?: true;
}

/** `usher doctor keys`: the site's own keys for signing messages to other servers. */
export function registerDoctorKeys(doctor: Command, cli: Cli): void {
  doctor
    .command("keys")
    .description("the keys that this site signs messages to other servers with")
    .option("--rename", "name them after the present server.publicUrl, once the site moved for good")
    .option("--json", "as JSON")
    .action(async (_options: Options, command: Command) => keys(cli, command.optsWithGlobals<Options>()));
}

async function keys(cli: Cli, { rename, json }: Options): Promise<void> {
  await using site = await openSite(cli);
  if (rename === true) await renameHere(site);
  const rows = await listSiteKeys(site.store.db);
  const shown = rows.map((row) => ({
    scheme: row.scheme,
    keyId: row.key_id,
    fingerprint: fingerprint(createPublicKey(row.public_key)),
    createdAt: row.created_at,
  }));
  const cells = shown.map((key) => [key.scheme, key.keyId, key.fingerprint, whenText(key.createdAt)]);
  print(cli, json, shown, [
    ...(shown.length === 0
      ? ["There are none yet; they are made when another server is first met."]
      : table(["scheme", "key id", "SHA-256", "made"], cells)),
    ...strayLines(await strayHere(site)),
  ]);
}

async function renameHere({ config, store }: Site): Promise<void> {
  const publicUrl = config.server?.publicUrl;
  if (publicUrl === undefined) {
    throw new CommandError("the site has no address yet; set server.publicUrl in the configuration first");
  }
  await store.transaction(async (transaction) => renameKeys(transaction, publicUrl));
}

/** Key ids of another host than `server.publicUrl` names; none where nothing is served. */
export async function strayHere({ config, store }: Site): Promise<readonly string[]> {
  if (config.server === null || !config.ocm.enabled) return [];
  return (await strayKeys(store.db, config.server.publicUrl)).map((row) => row.key_id);
}

export function strayLines(keyIds: readonly string[]): readonly string[] {
  if (keyIds.length === 0) return [];
  return [
    "",
    `This site signs as ${keyIds.join(" and ")}, which is not the host of server.publicUrl: other servers refuse that.`,
    "  Set server.publicUrl back, or, once the site moved for good: usher doctor keys --rename",
  ];
}
