import { open } from "node:fs/promises";
import type { Command } from "commander";
import type { AskedGroup, AskedRecipient, AskedSharing, ReadRequest } from "../domain/cozy-request.ts";
import { limits } from "../domain/limits.ts";
import { createCozySharing } from "../instances/sharings-api/create.ts";
import { readCreateRequest as readCurrent } from "../protocols/cozy/create-request.ts";
import { readCreateRequest as readEarlier } from "../protocols/cozy-v1/create-request.ts";
import { readRules } from "../protocols/cozy-v2/wire.ts";
import { isServing } from "../store/instance-lock.ts";
import { accountNamed } from "./accounts-found.ts";
import { type Cli, CommandError, print } from "./command.ts";
import { apiParts, changing, ownUrl } from "./cozy-sharings.ts";
import { exitCodes } from "./exit-codes.ts";
import { openSite } from "./site.ts";

interface CreateOptions {
  readonly account: string;
  readonly type: string;
  readonly permissions: string;
  readonly recipient: readonly string[];
  readonly readOnly: readonly string[];
  readonly group: readonly string[];
  readonly description?: string;
  readonly app?: string;
  readonly previewPath?: string;
  readonly generation?: string;
  readonly open?: true;
  readonly json?: true;
}

type Generation = AskedSharing["generation"];

/** What each type is of, the newest generation that has it first. */
const types: ReadonlyMap<string, readonly [Generation, ...Generation[]]> = new Map([
  ["one-shot", ["v1b", "v1a"]],
  ["one-way", ["v1b"]],
  ["two-way", ["v1b"]],
  ["master-slave", ["v1a"]],
  ["master-master", ["v1a"]],
  ["once", ["v2"]],
  ["continuous", ["v2"]],
  ["rules", ["v3"]],
]);

/** `usher sharing cozy create`: what POST /sharings/ does, for every generation. */
export function registerCozyCreate(group: Command, cli: Cli): void {
  group
    .command("create")
    .description("share documents of an account with people who have a Cozy")
    .requiredOption("--account <name>", "the account that shares")
    .requiredOption("--type <type>", `what becomes of later changes: ${[...types.keys()].join(", ")}`)
    .requiredOption(
      "--permissions <file>",
      "JSON: the permissions map, or the list of rules of v3 and v2; - reads standard input",
    )
    .option("--recipient <who...>", "a contact's id, an address, or https://host of a Cozy", [])
    .option("--read-only <who...>", "likewise, for recipients who may not change anything (v3)", [])
    .option(
      "--group <id...>",
      "ids of groups, whose contacts are recipients for as long as they are in them (v3)",
      [],
    )
    .option("--description <text>", "what is shared, for people")
    .option("--app <slug>", "the application whose documents they are")
    .option("--preview-path <path>", "public page of that application (v1b, v3)")
    .option("--generation <name>", "v1a, v1b, v2 or v3, where a type is of several")
    .option("--open", "recipients may invite others (v3)")
    .option("--json", "as JSON")
    .action(async (options: CreateOptions) => create(cli, options));
}

async function create(cli: Cli, options: CreateOptions): Promise<void> {
  const generation = generationOf(options);
  await using site = await openSite(cli);
  const rules = await readJson(cli, options.permissions);
  const asked = askedFrom(options, generation, rules);
  const { db } = site.store;
  const account = await accountNamed(db, options.account);
  const instance = { accountId: account.id, locale: account.locale, url: await ownUrl(db, account) };
  const parts = apiParts(site);
  const by = "command line";
  const row = await changing(site, async (tx) => createCozySharing(tx, { instance, asked, by }, parts));
  const later = (await isServing(site.config.store.file))
    ? []
    : ["They are asked as soon as usher serve runs."];
  const value = { id: row.id, document_id: row.document_id, generation, sharing_type: row.sharing_type };
  const count = asked.recipients.length;
  print(cli, options.json, value, [
    `${row.id} shares with ${count} ${count === 1 ? "recipient" : "recipients"}.`,
    ...later,
    `See what becomes of it: usher sharing cozy show ${row.id}`,
  ]);
}

function generationOf({ type, generation }: CreateOptions): Generation {
  const possible = types.get(type);
  if (possible === undefined) {
    throw usage(`there is no sharing type ${type}; the types are ${[...types.keys()].join(", ")}`);
  }
  const found = generation === undefined ? possible[0] : possible.find((one) => one === generation);
  if (found !== undefined) return found;
  throw usage(
    `--generation ${generation} has no type ${type}; those that have it are ${possible.join(", ")}`,
  );
}

/** The same readers as for requests: what they refuse is refused here. Throws CommandError. */
function askedFrom(options: CreateOptions, generation: Generation, rules: unknown): AskedSharing {
  const recipients = [
    ...options.recipient.map((who) => recipientFrom(who, "--recipient", false)),
    ...options.readOnly.map((who) => recipientFrom(who, "--read-only", true)),
  ];
  const groups = options.group.map(groupFrom);
  const texts = {
    description: options.description,
    app_slug: options.app,
    ...(options.previewPath === undefined && generation !== "v1b"
      ? {}
      : { preview_path: options.previewPath ?? null }),
  };
  if (groups.length > 0 && generation !== "v3") throw usage("--group is for sharings of generation v3");
  if (generation === "v2") return fromRules(options, rules, recipients);
  const read: ReadRequest =
    generation === "v3"
      ? readCurrent({ data: { attributes: { ...given(texts), open_sharing: options.open === true, rules } } })
      : readEarlier({ ...texts, sharing_type: options.type, permissions: rules, recipients: [] });
  if (read.kind === "asked") return { ...read.asked, recipients, groups };
  const lines = read.problems.map(({ field, detail }) => `  ${field}: ${detail}`);
  throw new CommandError([`${options.permissions} cannot be shared:`, ...lines].join("\n"));
}

function given(texts: Readonly<Record<string, string | null | undefined>>): object {
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => typeof text === "string"));
}

/** v2 shares single documents. */
function fromRules(
  { type, description, permissions }: CreateOptions,
  written: unknown,
  recipients: readonly AskedRecipient[],
): AskedSharing {
  const rules = readRules(written);
  if (rules === null) {
    throw new CommandError(`${permissions} has to be a list like [{"id": "evt-1", "docType": "event"}]`);
  }
  return {
    generation: "v2",
    sharingType: type,
    description: description ?? null,
    appSlug: null,
    previewPath: null,
    rules,
    needs: [],
    attributes: {},
    recipients,
  };
}

/** A contact's id, an address, or the address of a Cozy. */
export function recipientFrom(who: string, field: string, isReadOnly: boolean): AskedRecipient {
  const nobody = { field, contactId: null, address: null, url: null, isReadOnly };
  if (/^https:\/\//i.test(who)) return { ...nobody, url: who };
  return who.includes("@") ? { ...nobody, address: who } : { ...nobody, contactId: who };
}

export function groupFrom(id: string): AskedGroup {
  return { field: "--group", id, isReadOnly: false };
}

async function readJson(cli: Cli, file: string): Promise<unknown> {
  const text =
    file === "-" ? (await cli.io.read(limits.serverBodyBytes + 1)).toString("utf8") : await readText(file);
  if (text.length > limits.serverBodyBytes) throw new CommandError(`${file} is too long for permissions`);
  try {
    return JSON.parse(text);
  } catch {
    throw new CommandError(
      `${file} is no JSON; write {"files": {"type": "io.cozy.files", "values": ["ID"]}}`,
    );
  }
}

async function readText(path: string): Promise<string> {
  try {
    await using file = await open(path);
    const buffer = Buffer.alloc(limits.serverBodyBytes + 1);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    return buffer.subarray(0, bytesRead).toString("utf8");
  } catch {
    throw new CommandError(
      `cannot read ${path}; give the file with the permissions, or - for standard input`,
    );
  }
}

function usage(message: string): CommandError {
  return new CommandError(message, exitCodes.usage);
}
