import type { Command } from "commander";
import { durationMs } from "../config/values.ts";
import { parseScope, printScope } from "../domain/cozy-permissions.ts";
import { limits } from "../domain/limits.ts";
import {
  type ApiToken,
  createToken,
  listTokens,
  removeToken,
  siteScopes,
  type TokenScope,
  tokenScopes,
} from "../store/api-tokens.ts";
import { accountNamed } from "./accounts-found.ts";
import { type Cli, CommandError, print, table } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { whenText } from "./found.ts";
import { openSite } from "./site.ts";

interface Json {
  readonly json?: true;
}

interface AddOptions extends Json {
  readonly account?: string;
  readonly scope?: readonly string[];
  readonly app?: string;
  readonly permissions?: string;
  readonly expires?: string;
}

/** `usher token`: who may use the API. */
export function registerToken(program: Command, cli: Cli): void {
  const group = program.command("token").description("who may use the HTTP API");
  group
    .command("add <name>")
    .description("make a token; it is shown once")
    .option("--account <name>", "for one account; left out, the token is the administrator's and sees all")
    .option("--scope <scopes...>", `what it may do with the API: ${tokenScopes.join(", ")}`)
    .option("--app <slug>", "the Cozy application that uses it at the account's instance host")
    .option("--permissions <scope>", "what that application may do there, for example io.cozy.files:ALL")
    .option("--expires <time>", "how long it is valid, for example 90d; for ever where it is left out")
    .option("--json", "as JSON")
    .action(async (name: string, options: AddOptions) => add(cli, name, options));
  group
    .command("list")
    .description("tokens by name, without their secrets")
    .option("--json", "as JSON")
    .action(async (options: Json) => list(cli, options));
  group
    .command("remove <name>")
    .description("remove a token, by its name or id; it opens nothing from then on")
    .option("--json", "as JSON")
    .action(async (name: string, options: Json) => remove(cli, name, options));
}

async function add(cli: Cli, name: string, options: AddOptions): Promise<void> {
  // The name stands in the records of what was done with the token.
  if (!/^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$/i.test(name)) {
    throw usage(
      `${name} cannot be a token's name; use up to 63 letters, digits, dots, dashes and underscores`,
    );
  }
  const scopes = scopesFrom(options.scope ?? [], options.account);
  const application = applicationFrom(options);
  if (scopes.length === 0 && application.permissions === null) {
    throw usage("a token is for something: give --scope for the API, or --permissions for the instance host");
  }
  const livesMs = options.expires === undefined ? null : lifeFrom(options.expires);
  await using site = await openSite(cli);
  const { db } = site.store;
  const accountId = options.account === undefined ? null : (await accountNamed(db, options.account)).id;
  const expiresAt = livesMs === null ? null : Date.now() + livesMs;
  const made = await site.store.transaction(async (transaction) =>
    createToken(transaction, { name, accountId, scopes, expiresAt, ...application }),
  );
  if (made === null) {
    throw new CommandError(
      `there is a token ${name} already; take another name or remove it: usher token remove ${name}`,
    );
  }
  const account = options.account ?? null;
  const { appSlug: app, permissions } = application;
  const value = {
    id: made.id,
    name,
    account,
    scopes,
    app,
    permissions,
    expires_at: expiresAt,
    token: made.secret,
  };
  print(cli, options.json, value, [
    made.secret,
    `This is token ${name}${account === null ? ", for all accounts" : ` of account ${account}`}. It is shown only now.`,
  ]);
}

function scopesFrom(written: readonly string[], account: string | undefined): readonly TokenScope[] {
  for (const word of written) {
    if (tokenScopes.some((scope) => scope === word)) continue;
    throw usage(`there is no scope ${word}; the scopes are ${tokenScopes.join(", ")}`);
  }
  const scopes = tokenScopes.filter((scope) => written.includes(scope));
  const ofSite = scopes.find((scope) => siteScopes.includes(scope));
  if (ofSite === undefined || account === undefined) return scopes;
  throw usage(`${ofSite} is about the whole site; leave out --account, or this scope`);
}

/** What a token is for at an instance host: nothing, unless it is said. */
function applicationFrom({
  account,
  app,
  permissions,
}: AddOptions): Pick<ApiToken, "appSlug" | "permissions"> {
  if (app === undefined && permissions === undefined) return { appSlug: null, permissions: null };
  if (account === undefined) throw usage("--app and --permissions are of one account; add --account NAME");
  if (permissions === undefined) throw usage("--app needs --permissions, for example io.cozy.files:ALL");
  if (app !== undefined && !/^[\w.-]{1,64}$/.test(app)) {
    throw usage(`${app} cannot be an application; write its short name, for example photos`);
  }
  const rules = parseScope(permissions);
  if (rules !== null) return { appSlug: app ?? null, permissions: printScope(rules) };
  throw usage(
    `${permissions} are no permissions; write rules joined by spaces, each type[:verbs[:values[:selector]]], for example "io.cozy.files:GET,PUT io.cozy.contacts:ALL"`,
  );
}

function lifeFrom(written: string): number {
  const parsed = durationMs(limits.intervalMinMs, limits.apiTokenMaxMs)(written);
  if (parsed.ok) return parsed.value;
  throw usage(`--expires ${written}: ${parsed.message} ${parsed.remedy}`);
}

async function list(cli: Cli, options: Json): Promise<void> {
  await using site = await openSite(cli);
  const tokens = await listTokens(site.store.db);
  const values = tokens.map((token) => ({
    id: token.id,
    name: token.name,
    account: token.account,
    scopes: token.scopes,
    created_at: token.createdAt,
    app: token.appSlug,
    permissions: token.permissions,
    expires_at: token.expiresAt,
    last_change_at: token.lastUsedAt,
  }));
  const lines = table(
    ["token", "account", "scopes and permissions", "expires", "last change made"],
    tokens.map((token) => [
      token.name,
      token.account ?? "(all)",
      [...token.scopes, ...(token.permissions === null ? [] : [token.permissions])].join(" "),
      token.expiresAt === null ? "never" : whenText(token.expiresAt),
      whenText(token.lastUsedAt),
    ]),
  );
  print(cli, options.json, values, tokens.length === 0 ? ["No tokens."] : lines);
}

async function remove(cli: Cli, name: string, options: Json): Promise<void> {
  await using site = await openSite(cli);
  const id = await removeToken(site.store.db, name);
  if (id === undefined) throw new CommandError(`there is no token ${name}; usher token list shows them`);
  print(cli, options.json, { id, removed: true }, [`Token ${name} removed; it opens nothing any more.`]);
}

function usage(message: string): CommandError {
  return new CommandError(message, exitCodes.usage);
}
