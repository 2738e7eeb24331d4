import type { Command } from "commander";
import type { Config } from "../config/config.ts";
import { type ConfigProblem, type LoadedConfig, loadConfig } from "../config/load.ts";
import { problemLines } from "../config/problem.ts";
import type { KeyRecord } from "../mail/dkim-signer.ts";
import type { ConnectionCheck } from "./connections.ts";
import { type Cli, CommandError, print, table } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { signingRecord } from "./signing-record.ts";

interface CheckOptions {
  readonly connect?: true;
  readonly as?: string;
  readonly json?: true;
}

/** What is looked at beyond the configuration itself. Connects to nothing. */
type Check = (config: Config) => Promise<readonly ConfigProblem[]>;

const checks: readonly Check[] = [
  async (config) => (await import("./template-check.ts")).checkTemplates(config),
];

export function registerCheck(program: Command, cli: Cli): void {
  program
    .command("check")
    .description("check the configuration; connects to nothing unless asked to")
    .option("--connect", "try to reach every mail server and the SMTP server")
    .option("--as <user>", "with --connect: the user as whom master users log in")
    .option("--json", "as JSON")
    .action(async (options: CheckOptions) => check(cli, options));
}

async function check(cli: Cli, options: CheckOptions): Promise<void> {
  if (options.as !== undefined && options.connect !== true) {
    throw new CommandError("--as needs --connect", exitCodes.usage);
  }
  const file = cli.configFile();
  const loaded = await checked(await loadConfig(file, cli.io.env));
  const connections =
    loaded.ok && options.connect === true ? await connect(loaded, options.as ?? null) : null;
  report(cli, options, { file, loaded, connections });
  if (!loaded.ok) {
    throw new CommandError(
      `${file} is not usable: ${counted(loaded.problems.length, "problem")}`,
      exitCodes.config,
    );
  }
  const failed = connections?.filter(({ ok }) => !ok).length ?? 0;
  if (failed > 0) throw new CommandError(`${counted(failed, "connection")} failed`);
}

async function checked(loaded: LoadedConfig): Promise<LoadedConfig> {
  if (!loaded.ok) return loaded;
  const found = await Promise.all(checks.map(async (run) => run(loaded.config)));
  const problems = found.flat();
  return problems.length === 0 ? loaded : { ok: false, problems };
}

async function connect(
  { config }: Extract<LoadedConfig, { ok: true }>,
  user: string | null,
): Promise<readonly ConnectionCheck[]> {
  const { checkConnections } = await import("./connections.ts");
  return checkConnections(config, user);
}

interface Findings {
  readonly file: string;
  readonly loaded: LoadedConfig;
  /** Null where nothing was to be tried. */
  readonly connections: readonly ConnectionCheck[] | null;
}

function report(cli: Cli, { json }: CheckOptions, { file, loaded, connections }: Findings): void {
  if (!loaded.ok) {
    if (json === true)
      cli.io.out(JSON.stringify({ ok: false, file, problems: loaded.problems, warnings: [] }));
    else for (const line of [`${file}:`, ...problemLines(loaded.problems)]) cli.io.err(line);
    return;
  }
  const { warnings } = loaded;
  const ok = connections?.every((connection) => connection.ok) ?? true;
  const record = signingRecord(loaded.config);
  const value = {
    ok,
    file,
    problems: [],
    warnings,
    ...(record === null ? {} : { dkimRecord: record }),
    ...(connections === null ? {} : { connections }),
  };
  print(cli, json, value, [
    `${file} is right${warnings.length === 0 ? "." : `, with ${counted(warnings.length, "warning")}:`}`,
    ...problemLines(warnings),
    ...(record === null ? [] : recordLines(record)),
    ...(connections === null ? [] : connectionLines(connections)),
  ]);
}

function recordLines({ name, value }: KeyRecord): string[] {
  return ["Mail is signed; this TXT record must stand in the DNS:", `${name}.`, value];
}

function connectionLines(connections: readonly ConnectionCheck[]): string[] {
  if (connections.length === 0) return ["There is no server to connect to."];
  const rows = connections.map(({ path, address, ok, detail }) => [
    path,
    address,
    ok ? "ok" : "FAILED",
    detail,
  ]);
  return table(["server", "address", "result", "detail"], rows);
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
