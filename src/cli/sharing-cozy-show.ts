import type { Command } from "commander";
import { memberState } from "../instances/sharings-api/show.ts";
import { cozyMembersOf, listCozySharings, type OwnedCozySharing } from "../store/cozy-sharings.ts";
import type { Db } from "../store/store.ts";
import { type Cli, print, table } from "./command.ts";
import { cozySharing } from "./cozy-sharings.ts";
import { whenText } from "./found.ts";
import { openSite } from "./site.ts";

interface Json {
  readonly json?: true;
}

/** `usher sharing cozy list` and `show`. Secrets are not shown. */
export function registerCozyShow(group: Command, cli: Cli): void {
  group
    .command("list")
    .description("Cozy sharings, of accounts and with them, newest first")
    .option("--account <name>", "of one account")
    .option("--json", "as JSON")
    .action(async (options: { account?: string } & Json) => list(cli, options));
  group
    .command("show <id>")
    .description("one Cozy sharing and its members")
    .option("--json", "as JSON")
    .action(async (id: string, options: Json) => show(cli, id, options));
}

async function list(cli: Cli, options: { account?: string } & Json): Promise<void> {
  await using site = await openSite(cli);
  const rows = await listCozySharings(site.store.db, options.account);
  const lines = table(
    ["id", "account", "generation", "type", "shared by", "state", "description", "created"],
    rows.map((row) => [
      row.id,
      row.account,
      row.generation,
      row.sharing_type,
      row.is_owner === 1 ? "the account" : "somebody else",
      stateOf(row),
      row.description ?? "",
      whenText(row.created_at),
    ]),
  );
  print(cli, options.json, rows.map(view), rows.length === 0 ? ["No Cozy sharings."] : lines);
}

async function show(cli: Cli, typed: string, options: Json): Promise<void> {
  await using site = await openSite(cli);
  const row = await cozySharing(site.store.db, typed);
  const members = await membersOf(site.store.db, row);
  print(cli, options.json, { ...view(row), members }, [
    ...table(
      ["sharing", row.id],
      [
        ["account", row.account],
        ["shared by", row.is_owner === 1 ? "the account" : "somebody else"],
        ["generation", row.generation],
        ["type", row.sharing_type],
        ["description", row.description ?? ""],
        ["state", stateOf(row)],
        ["mails", row.sharing_id === null ? "none" : `usher sharing show ${row.sharing_id}`],
        ["created", whenText(row.created_at)],
      ],
    ),
    "",
    ...table(
      ["member", "address", "Cozy", "state", "last trouble"],
      members.map(({ name, contact, address, instance_url: url, state, error }) => [
        name ?? contact ?? "",
        address ?? "",
        url ?? "not known",
        state,
        error ?? "",
      ]),
    ),
  ]);
}

function stateOf({ is_active: active, revoked_at: revokedAt }: OwnedCozySharing): string {
  if (revokedAt !== null) return "revoked";
  return active === 1 ? "active" : "waits for an answer";
}

/** Without what is a secret: the id that both sides know, and all sealed columns. */
function view(row: OwnedCozySharing) {
  return {
    id: row.id,
    account: row.account,
    document_id: row.document_id,
    generation: row.generation,
    sharing_type: row.sharing_type,
    is_owner: row.is_owner === 1,
    description: row.description,
    app_slug: row.app_slug,
    rules: JSON.parse(row.rules_json) as unknown,
    state: stateOf(row),
    mails: row.sharing_id,
    created_at: row.created_at,
  };
}

async function membersOf(db: Db, row: OwnedCozySharing) {
  const views = [];
  for (const member of await cozyMembersOf(db, row.id)) {
    views.push({
      place: member.place,
      name: member.name ?? member.public_name,
      contact: member.contact_id,
      address: member.address,
      instance_url: member.instance_url,
      status: member.status,
      state: row.is_owner === 1 ? await memberState(db, row, member) : member.status,
      is_read_only: member.is_read_only === 1,
      error: member.error,
    });
  }
  return views;
}
