import type { Command } from "commander";
import { type Cli, CommandError, exitCodes } from "./command.ts";

export function registerServe(program: Command, cli: Cli): void {
  program
    .command("serve")
    .description("run the daemon: watch mailboxes, follow shares, send invitations")
    .action(async () => serve(cli));
}

async function serve(cli: Cli): Promise<void> {
  const { startDaemon } = await import("../app.ts");
  const { describeProblems } = await import("./site.ts");
  const started = await startDaemon({
    configFile: cli.configFile(),
    env: cli.io.env,
    writeLog: (line) => cli.io.out(line),
  });
  switch (started.kind) {
    case "bad-configuration":
      throw new CommandError(describeProblems(cli.configFile(), started.problems), exitCodes.config);
    case "already-serving":
      throw new CommandError(
        `another usher serve runs on ${started.storeFile}; stop it first, or give this one a store of its own`,
      );
    case "running": {
      await using daemon = started.daemon;
      await daemon.untilStopped;
      return;
    }
  }
}
