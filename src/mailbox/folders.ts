import type { ImapFlow } from "imapflow";
import type { ImapLine } from "./imap-line.ts";
import type { ListedFolder } from "./session.ts";

/** All folders that mail can lie in. Throws MailboxError. */
export async function listFolders(line: ImapLine): Promise<readonly ListedFolder[]> {
  const listed = await line.run({ what: "LIST" }, async () => line.client.list());
  return listed
    .filter(({ flags }) => !flags.has("\\Noselect") && !flags.has("\\NonExistent"))
    .map(({ path, specialUse }) => ({ path, specialUse: specialUse ?? null }));
}

/** RFC 2342: the account's own folders have a prefix and a separator of the server's choice. */
export function pathOf(client: Pick<ImapFlow, "namespace">, names: readonly string[]): string {
  const { prefix = "", delimiter } = client.namespace ?? {};
  // A server without hierarchy has only plain names.
  return prefix + names.join(delimiter ?? "-");
}
