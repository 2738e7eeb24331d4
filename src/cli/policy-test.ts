import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import { addressKey } from "../domain/address.ts";
import type { Evidence } from "../domain/evidence.ts";
import { type Decision, decide } from "../domain/policy.ts";
import type { Inspection, ShareNotification } from "../domain/share.ts";
import { noWayOut } from "../no-way-out.ts";
import { mailReaders } from "../protocols/mail-readers.ts";
import { createProtocols } from "../protocols/protocols.ts";
import { withinAbilities } from "../receiving/abilities.ts";
import { policyFacts } from "../receiving/facts.ts";
import { inspectMail } from "../receiving/inspect.ts";
import { type Cli, CommandError, print } from "./command.ts";
import { decisionLines } from "./decision-text.ts";
import { evidenceLines } from "./evidence-text.ts";
import { exitCodes } from "./exit-codes.ts";
import { printable } from "./io.ts";
import { readMailFile } from "./mail-file.ts";
import { accountReader, type PolicyReader, stranger } from "./policy-reader.ts";
import { describeProblems } from "./site.ts";

export interface TestOptions {
  readonly for: string;
  readonly account?: string;
  readonly folder: string;
  readonly json?: true;
}

/** `usher policy test`: reads files and, for a named account, the store; changes nothing and asks nobody. */
export async function testPolicy(cli: Cli, file: string, options: TestOptions): Promise<void> {
  if (addressKey(options.for) === null) {
    const wrong = printable(options.for);
    throw new CommandError(
      `--for ${wrong} is not a mail address; give one like bob@example.org`,
      exitCodes.usage,
    );
  }
  const config = await configOf(cli);
  const reader =
    options.account === undefined
      ? stranger(config, options.for)
      : await accountReader(config, options.account);
  const { view } = await readMailFile(cli, file);
  const inspection = inspectMail(view, mailReaders, {
    trustedAuthservIds: config.trustedAuthservIds,
    forAddresses: [options.for, ...reader.addresses],
  });
  const share = inspection.notification;
  if (share === null) return tellNothing(cli, inspection, options);
  const place = { folder: options.folder, isJunkFolder: false, flags: [] };
  const evidence = reader.weigh(view, { ...inspection, notification: share }, place);
  report(cli, { share, evidence, decision: decisionOf(share, evidence, reader, config) }, options);
}

async function configOf(cli: Cli): Promise<Config> {
  const file = cli.configFile();
  const loaded = await loadConfig(file, cli.io.env);
  if (loaded.ok) return loaded.config;
  throw new CommandError(describeProblems(file, loaded.problems), exitCodes.config);
}

function decisionOf(
  share: ShareNotification,
  evidence: Evidence,
  reader: PolicyReader,
  { policy, notifications }: Config,
): Decision {
  const rules = { account: reader.rules, site: policy, notify: notifications.notify };
  const decided = decide(rules, policyFacts(share, evidence, reader.name));
  return withinAbilities(decided, share, createProtocols({ http: noWayOut }));
}

function tellNothing(cli: Cli, inspection: Inspection, { json }: TestOptions): void {
  const because = inspection.because ?? inspection.verdict;
  const value = { verdict: inspection.verdict, because, evidence: null, decision: null };
  print(cli, json, value, [`This is no share notification, so no rule is asked: ${because}.`]);
}

interface Tested {
  readonly share: ShareNotification;
  readonly evidence: Evidence;
  readonly decision: Decision;
}

function report(cli: Cli, { share, evidence, decision }: Tested, { json }: TestOptions): void {
  const { protocol, variant, origin } = share;
  const value = {
    verdict: "share-notification",
    because: null,
    protocol,
    variant,
    origin,
    evidence,
    decision,
  };
  const lines = [
    `${protocol} ${variant} of ${origin ?? "an unknown origin"}`,
    ...evidenceLines(evidence),
    ...(decisionLines(decision) ?? []),
  ];
  print(cli, json, value, lines.map(printable));
}
