import { Command, CommanderError } from "commander";
import packageFile from "../../package.json" with { type: "json" };
import { type Cli, CommandError, type Register } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import type { Io } from "./io.ts";

interface Group {
  readonly summary: string;
  /** Loaded only when called, so that `usher inspect` starts at once. */
  readonly load: () => Promise<Register>;
}

/** In the order in which an administrator meets them. */
const groups: Readonly<Record<string, Group>> = {
  init: {
    summary: "write a new configuration and a key",
    load: async () => (await import("./init.ts")).registerInit,
  },
  check: {
    summary: "check the configuration; connects to nothing unless asked to",
    load: async () => (await import("./check.ts")).registerCheck,
  },
  serve: {
    summary: "run the daemon",
    load: async () => (await import("./serve.ts")).registerServe,
  },
  doctor: {
    summary: "show what does not go well, and run parked work again",
    load: async () => (await import("./doctor.ts")).registerDoctor,
  },
  account: {
    summary: "the users of this installation: add, list, show, change, remove, home, instance",
    load: async () => (await import("./account.ts")).registerAccount,
  },
  mailbox: {
    summary: "mailboxes that are watched: add, test, scan, list, enable, remove",
    load: async () => (await import("./mailbox.ts")).registerMailbox,
  },
  policy: {
    summary: "rules that decide about notifications: test, show, set, clear",
    load: async () => (await import("./policy.ts")).registerPolicy,
  },
  contact: {
    summary: "whom an account knows, and whom it trusts: add, list, remove, trust, untrust",
    load: async () => (await import("./contact.ts")).registerContact,
  },
  notification: {
    summary: "share notifications found in mailboxes: list, show, add, accept, ignore, refuse, explain",
    load: async () => (await import("./notification.ts")).registerNotification,
  },
  replay: {
    summary: "judge mails again after a change of the policy or of the software; dry unless --apply",
    load: async () => (await import("./replay.ts")).registerReplay,
  },
  subscription: {
    summary: "shares that are followed: list, show, browse, get, check, remove",
    load: async () => (await import("./subscription.ts")).registerSubscription,
  },
  sharing: {
    summary:
      "invite people to a share, and see what becomes of it: create, list, show, invite, cozy, suppressed, lift",
    load: async () => (await import("./sharing.ts")).registerSharing,
  },
  token: {
    summary: "who may use the HTTP API: add, list, remove",
    load: async () => (await import("./token.ts")).registerToken,
  },
  template: {
    summary: "check and preview the mails that Usher writes",
    load: async () => (await import("./template.ts")).registerTemplate,
  },
  inspect: {
    summary: "show what Usher sees in one mail; needs no configuration",
    load: async () => (await import("./inspect.ts")).registerInspect,
  },
};

const defaultConfigFile = "/etc/usher/usher.yaml";

/** Runs one command line (without node and script) and returns its exit code. */
export async function runCli(args: readonly string[], io: Io): Promise<number> {
  try {
    const program = await buildProgram(args, io);
    await program.parseAsync(args, { from: "user" });
    return exitCodes.done;
  } catch (error) {
    return report(error, io);
  }
}

async function buildProgram(args: readonly string[], io: Io): Promise<Command> {
  const program = new Command("usher")
    .description("Turns share notifications into federated subscriptions, and sends share invitations.")
    .option("-c, --config <file>", `configuration file (default: $USHER_CONFIG or ${defaultConfigFile})`)
    .version(packageFile.version)
    .exitOverride()
    .showHelpAfterError("(add --help for the options)")
    .configureOutput({
      writeOut: (text) => io.out(text.trimEnd()),
      writeErr: (text) => io.err(text.trimEnd()),
    });
  const cli: Cli = {
    io,
    configFile: () =>
      program.opts<{ config?: string }>().config ?? io.env["USHER_CONFIG"] ?? defaultConfigFile,
  };
  const wanted = args.find((arg) => Object.hasOwn(groups, arg));
  for (const [name, group] of Object.entries(groups)) {
    if (name === wanted) (await group.load())(program, cli);
    else program.command(name).description(group.summary);
  }
  return program;
}

async function report(error: unknown, io: Io): Promise<number> {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  if (error instanceof CommandError) {
    io.err(`usher: ${error.message}`);
    return error.exitCode;
  }
  // Errors of adapters say whether they pass, and are written for people: the thing, the reason and the way out.
  if (error instanceof Error && "temporary" in error) {
    io.err(`usher: ${error.message}`);
    return exitCodes.failed;
  }
  io.err(
    `usher: unexpected fault: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
  return exitCodes.failed;
}
