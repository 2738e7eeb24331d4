import type { Command } from "commander";
import { addressKey } from "../domain/address.ts";
import { type InvitedRecipient, readRecipients } from "../store/invited.ts";
import { readStories, type RecordLine } from "../store/records.ts";
import { type SharingRow, sharingsByPrefix } from "../store/sharings.ts";
import { recipientView, sharingView } from "../store/views.ts";
import { type Cli, CommandError, print, table } from "./command.ts";
import { theOne, whenText } from "./found.ts";
import { printable } from "./io.ts";
import { sendingLines, watchSending } from "./sharing-watch.ts";
import { openSite } from "./site.ts";
import { storyLines } from "./story-text.ts";

interface ShowOptions {
  readonly recipient?: string;
  readonly json?: true;
}

/** `usher sharing show` and `watch`. */
export function registerShow(group: Command, cli: Cli): void {
  group
    .command("show <id>")
    .description("one sharing, and the whole story of each recipient")
    .option("--recipient <address>", "one recipient only")
    .option("--json", "as JSON")
    .action(async (id: string, options: ShowOptions) => show(cli, id, options));
  group
    .command("watch <id>")
    .description("show how the mails of a sharing get on, until they are sent or have to wait")
    .option("--json", "as JSON")
    .action(async (id: string, options: ShowOptions) => watch(cli, id, options));
}

async function show(cli: Cli, typed: string, options: ShowOptions): Promise<void> {
  await using site = await openSite(cli);
  const { db } = site.store;
  const row = theOne(await sharingsByPrefix(db, typed), typed, "sharing");
  const recipients = chosen(await readRecipients(db, row.id), options.recipient);
  const stories = await readStories(db, { sharingId: row.id });
  const storyOf = ({ id }: InvitedRecipient): readonly RecordLine[] => stories.get(id) ?? [];
  const value = {
    ...sharingView(row),
    recipients: recipients.map((each) => recipientView(each, storyOf(each))),
  };
  print(cli, options.json, value, [
    ...sharingLines(row),
    "",
    ...table(
      ["recipient", "state", "mail", "tries", "sent", "Message-ID", "last reply"],
      recipients.map(recipientLine),
    ),
    ...recipients.flatMap((each) => ["", printable(each.address), ...storyLines(storyOf(each))]),
  ]);
}

function chosen(
  recipients: readonly InvitedRecipient[],
  address: string | undefined,
): readonly InvitedRecipient[] {
  if (address === undefined) return recipients;
  const key = addressKey(address) ?? address;
  const found = recipients.filter((each) => (addressKey(each.address) ?? each.address) === key);
  if (found.length > 0) return found;
  throw new CommandError(`the sharing invites nobody at ${address}`);
}

function sharingLines(row: SharingRow & { readonly account: string }): string[] {
  return table(
    ["sharing", row.id],
    [
      ["account", row.account],
      ["title", row.title],
      ["created", whenText(row.created_at)],
      ...(row.expires_at === null ? [] : [["ends", whenText(row.expires_at)]]),
      ...(row.revoked_at === null ? [] : [["ended", whenText(row.revoked_at)]]),
    ],
  );
}

function recipientLine(recipient: InvitedRecipient): readonly string[] {
  const { state, reason, waitsUntil, waitsBecause } = recipient;
  return [
    recipient.address,
    reason === null ? state : `${state} (${reason})`,
    mailText(recipient),
    String(recipient.attempts),
    whenText(recipient.sentAt),
    recipient.messageId ?? "-",
    waitsUntil === null
      ? (recipient.cozyError ?? recipient.cloudError ?? recipient.reply ?? "-")
      : `waits until ${whenText(waitsUntil)}: ${waitsBecause ?? ""}`,
  ];
}

function mailText({ mail, fate, state, cozy, cloud }: InvitedRecipient): string {
  if (mail !== null) return fate === null ? mail : `${mail}, ${fate}`;
  const server = cloud === null ? "Cozy" : "cloud";
  if ((cozy ?? cloud) === null || state === "mail-not-sent") return "none";
  return state === "error" ? `none, not asked at his ${server}` : `asked at his ${server}`;
}

async function watch(cli: Cli, typed: string, options: ShowOptions): Promise<void> {
  await using site = await openSite(cli);
  const row = theOne(await sharingsByPrefix(site.store.db, typed), typed, "sharing");
  const counts = await watchSending(cli, site, row.id);
  print(cli, options.json, counts, sendingLines(counts));
}
