import { type Command, Option } from "commander";
import { addressKey } from "../domain/address.ts";
import { actionsFor } from "../instances/sharings-api/actions.ts";
import { addRecipients } from "../instances/sharings-api/add-recipients.ts";
import { revokeGroup } from "../instances/sharings-api/groups.ts";
import { leaveSharing, revokeAll, revokeOne } from "../instances/sharings-api/end.ts";
import { groupsIn } from "../instances/shared-groups.ts";
import { type CozyMemberRow, cozyMembersOf } from "../store/cozy-sharings.ts";
import { type Cli, CommandError, print } from "./command.ts";
import { apiParts, changing, cozySharing, ownUrl } from "./cozy-sharings.ts";
import { groupFrom, registerCozyCreate, recipientFrom } from "./sharing-cozy-create.ts";
import { registerCozyShow } from "./sharing-cozy-show.ts";
import { openSite } from "./site.ts";

interface Json {
  readonly json?: true;
}

type AddOptions = Json & {
  readonly recipient: readonly string[];
  readonly readOnly: readonly string[];
  readonly group: readonly string[];
};

type RevokeOptions = Json & { readonly recipient?: string; readonly group?: string };

const by = "command line";

/** `usher sharing cozy`: what the sharings API does for applications. */
export function registerCozy(sharing: Command, cli: Cli): void {
  const group = sharing.command("cozy").description("sharings between Cozys, of every generation");
  registerCozyCreate(group, cli);
  registerCozyShow(group, cli);
  group
    .command("add <id>")
    .description("invite more people to a Cozy sharing")
    .option("--recipient <who...>", "a contact's id, an address, or https://host of a Cozy", [])
    .option("--read-only <who...>", "likewise, for recipients who may not change anything (v3)", [])
    .option(
      "--group <id...>",
      "ids of groups, whose contacts are recipients for as long as they are in them (v3)",
      [],
    )
    .option("--json", "as JSON")
    .action(async (id: string, options: AddOptions) => add(cli, id, options));
  group
    .command("send <id>")
    .description("ask the members of a Cozy sharing that were not asked yet")
    .option("--json", "as JSON")
    .action(async (id: string, options: Json) => send(cli, id, options));
  group
    .command("revoke <id>")
    .description("take a Cozy sharing back, from all, from one or from a group")
    .option("--recipient <who>", "one member: a contact's id, an address, or https://host of his Cozy")
    .option("--json", "as JSON")
    .addOption(
      new Option("--group <id>", "the contacts of this group who are not members otherwise").conflicts(
        "recipient",
      ),
    )
    .action(async (id: string, options: RevokeOptions) => revoke(cli, id, options));
  group
    .command("leave <id>")
    .description("leave a sharing that the account was invited to")
    .option("--json", "as JSON")
    .action(async (id: string, options: Json) => leave(cli, id, options));
}

async function add(cli: Cli, typed: string, options: AddOptions): Promise<void> {
  const recipients = [
    ...options.recipient.map((who) => recipientFrom(who, "--recipient", false)),
    ...options.readOnly.map((who) => recipientFrom(who, "--read-only", true)),
  ];
  await using site = await openSite(cli);
  const { db } = site.store;
  const sharing = await cozySharing(db, typed);
  const instance = {
    accountId: sharing.account_id,
    url: await ownUrl(db, { id: sharing.account_id, name: sharing.account }),
  };
  const parts = apiParts(site);
  await changing(site, async (tx) =>
    addRecipients(
      tx,
      { instance, sharing, recipients, groups: options.group.map(groupFrom), isAsked: true },
      parts,
    ),
  );
  const members = (await cozyMembersOf(db, sharing.id)).length;
  print(cli, options.json, { id: sharing.id, members }, [`${sharing.id} has ${members} recipients in all.`]);
}

async function send(cli: Cli, typed: string, options: Json): Promise<void> {
  await using site = await openSite(cli);
  const sharing = await cozySharing(site.store.db, typed);
  const parts = apiParts(site);
  await changing(site, async (tx) => actionsFor(sharing, parts).invite(tx, sharing));
  print(cli, options.json, { id: sharing.id, asked: true }, [
    `Members of ${sharing.id} that were not asked yet are asked.`,
  ]);
}

async function revoke(cli: Cli, typed: string, options: RevokeOptions): Promise<void> {
  await using site = await openSite(cli);
  const { db } = site.store;
  const sharing = await cozySharing(db, typed);
  const parts = apiParts(site);
  const { recipient, group } = options;
  if (group !== undefined) {
    const index = groupsIn(sharing).findLastIndex(({ id, revoked }) => id === group && revoked !== true);
    if (index === -1) throw new CommandError(`the sharing is not with a group ${group}`);
    await changing(site, async (tx) => revokeGroup(tx, { sharing, index, by }, parts));
    print(cli, options.json, { id: sharing.id, group, revoked: true }, [
      `${sharing.id} is revoked for the group ${group}.`,
    ]);
    return;
  }
  const member = recipient === undefined ? null : findMember(await cozyMembersOf(db, sharing.id), recipient);
  await changing(site, async (tx) =>
    member === null ? revokeAll(tx, { sharing, by }, parts) : revokeOne(tx, { sharing, member, by }, parts),
  );
  print(cli, options.json, { id: sharing.id, recipient: recipient ?? null, revoked: true }, [
    recipient === undefined ? `${sharing.id} is revoked.` : `${sharing.id} is revoked for ${recipient}.`,
  ]);
}

function findMember(members: readonly CozyMemberRow[], who: string): CozyMemberRow {
  const wanted = recipientFrom(who, "--recipient", false);
  const key = addressKey(wanted.address ?? "");
  const found = members.find(
    ({ contact_id: contact, address, instance_url: url }) =>
      (wanted.contactId !== null && contact === wanted.contactId) ||
      (key !== null && addressKey(address ?? "") === key) ||
      (wanted.url !== null && url === URL.parse(wanted.url)?.origin),
  );
  if (found !== undefined) return found;
  throw new CommandError(`the sharing has no member ${who}; usher sharing cozy show lists them`);
}

async function leave(cli: Cli, typed: string, options: Json): Promise<void> {
  await using site = await openSite(cli);
  const sharing = await cozySharing(site.store.db, typed);
  const parts = apiParts(site);
  await changing(site, async (tx) => leaveSharing(tx, { sharing, by }, parts));
  print(cli, options.json, { id: sharing.id, left: true }, [`${sharing.id} is left.`]);
}
