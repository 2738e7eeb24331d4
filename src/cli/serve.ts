import { unreachable } from "../domain/unreachable.ts";
import { CommandError, type Cli, type Register } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";

/** `usher serve`: the daemon, in the foreground until SIGTERM or SIGINT; SIGHUP reads the configuration again. */
export const registerServe: Register = (program, cli) => {
  program
    .command("serve")
    .description("run the daemon: watch mailboxes, follow shares, send invitations")
    .action(async () => serveHere(cli));
};

async function serveHere(cli: Cli): Promise<void> {
  const signals = cli.io.signals();
  const { serve } = await import("../app.ts");
  const served = await serve({
    configFile: cli.configFile(),
    env: { ...cli.io.env },
    writeLog: (line) => cli.io.out(line),
    ...signals,
  });
  switch (served.kind) {
    case "stopped":
      return;
    case "bad-configuration": {
      const { describeProblems } = await import("./site.ts");
      throw new CommandError(describeProblems(cli.configFile(), served.problems), exitCodes.config);
    }
    case "already-serving":
      throw new CommandError(
        `another usher serve runs on ${served.storeFile}; stop it first, or give this one a store of its own`,
      );
    default:
      unreachable(served);
  }
}
