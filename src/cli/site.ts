import { type ConfigProblem, problemLines } from "../config/problem.ts";
import { openSite as open, type Site } from "../site.ts";
import { type Cli, CommandError } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";

/** Opens the site for one command. Throws CommandError (exit code 78) that lists every problem of the configuration. */
export async function openSite(cli: Cli): Promise<Site> {
  const configFile = cli.configFile();
  const opened = await open({
    configFile,
    env: cli.io.env,
    owner: "command",
    writeLog: (line) => cli.io.err(line),
  });
  if (opened.ok) return opened.site;
  throw new CommandError(describeProblems(configFile, opened.problems), exitCodes.config);
}

/** All problems of a configuration as one text for a person. */
export function describeProblems(configFile: string, problems: readonly ConfigProblem[]): string {
  return [`the configuration ${configFile} cannot be used:`, ...problemLines(problems)].join("\n");
}
