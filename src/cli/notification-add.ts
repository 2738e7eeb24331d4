import { limits } from "../domain/limits.ts";
import { bringInvite } from "../federation/invites/bring.ts";
import { readPastedInvite } from "../protocols/ocm/given-invite.ts";
import { planningGround } from "../serving-invites.ts";
import { readNotification } from "../store/notifications.ts";
import { notificationView } from "../store/views.ts";
import { accountNamed } from "./accounts-found.ts";
import { type Cli, CommandError, print } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { openSite } from "./site.ts";

/** `usher notification add`: an invitation that came by no mail waits for the account like one that did. */
export async function addOne(
  cli: Cli,
  { account: name, pasted }: { readonly account: string; readonly pasted: string },
  { json }: { readonly json?: true },
): Promise<void> {
  const text = pasted === "-" ? (await cli.io.read(limits.urlChars + 1)).toString("utf8") : pasted;
  const invite = readPastedInvite(text);
  if (invite === null) {
    throw new CommandError(
      "this is no invitation; paste its whole link, its code (token@host) or its invite string",
      exitCodes.usage,
    );
  }
  await using site = await openSite(cli);
  const account = await accountNamed(site.store.db, name);
  const ground = planningGround(site, () => site.config);
  const row = await site.store.transaction(async (db) =>
    readNotification(db, await bringInvite(db, { accountId: account.id, invite }, ground)),
  );
  if (row === undefined) throw new CommandError("the account was removed meanwhile");
  const { id, state, origin } = row;
  const next = state === "held" ? [`Accept it: usher notification accept ${id}`] : [];
  print(cli, json, notificationView(row), [
    `${id} is an invitation from ${new URL(origin).host}: ${state}.`,
    ...next,
  ]);
}
