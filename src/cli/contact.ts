import type { Command } from "commander";
import { addressKey } from "../domain/address.ts";
import { limits } from "../domain/limits.ts";
import { oneLine } from "../domain/one-line.ts";
import { httpsOrigin } from "../domain/web-link.ts";
import {
  contactByAddress,
  type ContactRow,
  deleteContact,
  listContacts,
  putContact,
  setTrusted,
  updateContact,
} from "../store/contacts.ts";
import { deleteOcmContact, listOcmContacts, type OcmContactRow } from "../store/ocm-contacts.ts";
import type { Site } from "../site.ts";
import { accountNamed } from "./accounts-found.ts";
import { type Cli, CommandError, print, table } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { whenText } from "./found.ts";
import { openSite } from "./site.ts";

interface Json {
  readonly json?: true;
}

type AddOptions = Json & { readonly name?: string; readonly trust?: true; readonly cozy?: string };

export function registerContact(program: Command, cli: Cli): void {
  const group = program.command("contact").description("whom an account knows, and whom it trusts");
  group
    .command("add <account> <address>")
    .description("add a contact; rules ask for it with when.contact")
    .option("--name <name>", "his name")
    .option("--trust", "trust him from now on")
    .option("--cozy <url>", "where his Cozy is")
    .option("--json", "as JSON")
    .action(async (account: string, address: string, options: AddOptions) =>
      add(cli, { account, address }, options),
    );
  group
    .command("list <account>")
    .description("contacts of an account")
    .option("--json", "as JSON")
    .action(async (account: string, options: Json) => list(cli, account, options));
  const changes = [
    ["remove", "forget a contact, by address or id", remove],
    ["trust", "trust a contact from now on", trust],
    ["untrust", "no longer trust a contact; it stays known", untrust],
  ] as const;
  for (const [name, description, act] of changes) {
    group
      .command(`${name} <account> <address>`)
      .description(description)
      .option("--json", "as JSON")
      .action(async (account: string, address: string, options: Json) =>
        act(cli, { account, address }, options),
      );
  }
}

interface Named {
  readonly account: string;
  readonly address: string;
}

async function add(cli: Cli, named: Named, options: AddOptions): Promise<void> {
  const key = keyOf(named.address);
  await using site = await openSite(cli);
  const account = await accountNamed(site.store.db, named.account);
  const now = Date.now();
  const name = options.name === undefined ? null : oneLine(options.name, limits.nameChars);
  const url = options.cozy === undefined ? null : cozyFrom(options.cozy);
  await site.store.transaction(async (db) => {
    await putContact(db, {
      account_id: account.id,
      address_key: key,
      address: named.address,
      name,
      trusted_at: options.trust === true ? now : null,
      created_at: now,
    });
    const contact = await contactByAddress(db, account.id, key);
    if (contact !== undefined && url !== null) await updateContact(db, contact, { instance_url: url });
  });
  const line = `${named.address} is a contact of ${account.name}${options.trust === true ? ", and trusted" : ""}.`;
  print(cli, options.json, { account: account.name, address: named.address, name }, [line]);
}

async function list(cli: Cli, name: string, options: Json): Promise<void> {
  await using site = await openSite(cli);
  const account = await accountNamed(site.store.db, name);
  const contacts = [
    ...(await listContacts(site.store.db, account.id)).map(contactView),
    ...(await listOcmContacts(site.store.db, account.id)).map(cloudContactView),
  ];
  const rows = contacts.map((contact) => [
    contact.address ?? "",
    contact.name ?? "",
    contact.trusted_at === null ? "known" : `trusted since ${whenText(contact.trusted_at)}`,
    contact.instance_url ?? "",
    contact.cloud_address ?? "",
    contact.id,
  ]);
  const none = [`${name} has no contacts; add one: usher contact add ${name} ADDRESS`];
  print(
    cli,
    options.json,
    contacts,
    contacts.length === 0 ? none : table(["address", "name", "trust", "Cozy", "cloud", "id"], rows),
  );
}

/** With him sharings lose whom they know through his groups alone. */
async function forget(site: Site, accountId: string, key: string): Promise<boolean> {
  const before = await contactByAddress(site.store.db, accountId, key);
  if (before === undefined) return false;
  const { apiParts, changing } = await import("./cozy-sharings.ts");
  const { followGroups } = await import("../instances/sharings-api/groups.ts");
  return changing(site, async (tx) => {
    await followGroups(tx, { before, after: null }, apiParts(site));
    return deleteContact(tx, accountId, key);
  });
}

async function remove(cli: Cli, named: Named, options: Json): Promise<void> {
  await using site = await openSite(cli);
  const account = await accountNamed(site.store.db, named.account);
  const key = addressKey(named.address);
  const isGone = key !== null && (await forget(site, account.id, key));
  const isCloudGone = await removeCloudContact(site, account.id, named.address);
  if (key === null && !isCloudGone) keyOf(named.address);
  requireKnown(isGone || isCloudGone, named);
  print(cli, options.json, { ...named, removed: true }, [`${named.address} is forgotten.`]);
}

/** Somebody whom an invitation made known goes under the address that his own server gives him, or under his id. */
async function removeCloudContact({ store }: Site, accountId: string, typed: string): Promise<boolean> {
  const all = await listOcmContacts(store.db, accountId);
  const found = all.find((row) => row.id === typed || cloudAddress(row) === typed);
  if (found !== undefined) await deleteOcmContact(store.db, found.id);
  return found !== undefined;
}

async function trust(cli: Cli, named: Named, options: Json): Promise<void> {
  await setTrust(cli, named, Date.now());
  const line = `${named.address} is trusted by ${named.account} from now on.`;
  print(cli, options.json, { ...named, trusted: true }, [line]);
}

async function untrust(cli: Cli, named: Named, options: Json): Promise<void> {
  await setTrust(cli, named, null);
  const line = `${named.address} is no longer trusted by ${named.account}, and stays a contact.`;
  print(cli, options.json, { ...named, trusted: false }, [line]);
}

async function setTrust(cli: Cli, named: Named, trustedAt: number | null): Promise<void> {
  await using site = await openSite(cli);
  const account = await accountNamed(site.store.db, named.account);
  const contact = { account_id: account.id, address_key: keyOf(named.address) };
  requireKnown(await setTrusted(site.store.db, contact, trustedAt), named);
}

function requireKnown(isKnown: boolean, { account, address }: Named): void {
  if (isKnown) return;
  throw new CommandError(`${address} is no contact of ${account}; usher contact list ${account} shows them`);
}

function keyOf(address: string): string {
  const key = addressKey(address);
  if (key !== null) return key;
  throw new CommandError(`${address} is no mail address; write it like carla@example.org`, exitCodes.usage);
}

function cozyFrom(typed: string): string {
  const url = httpsOrigin(typed);
  if (url !== null) return url;
  throw new CommandError(`${typed} is no Cozy; write it like https://carla.example.org`, exitCodes.usage);
}

function contactView({ id, address, name, instance_url, trusted_at, created_at }: ContactRow) {
  return { id, address, name, instance_url, cloud_address: null, trusted_at, created_at };
}

/** Whom an invitation from cloud to cloud made known: his shares are his own server's, and trust of mail is none of it. */
function cloudContactView(row: OcmContactRow) {
  const { id, address, name, created_at } = row;
  return {
    id,
    address,
    name,
    instance_url: null,
    cloud_address: cloudAddress(row),
    trusted_at: null,
    created_at,
  };
}

function cloudAddress({ user_id, host }: OcmContactRow): string {
  return `${user_id}@${host}`;
}
