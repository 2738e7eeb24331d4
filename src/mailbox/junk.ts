import type { MailboxSession } from "./session.ts";

const junkFolders = new WeakMap<MailboxSession, Promise<ReadonlySet<string>>>();

/** Whether the folder is where the server puts junk (RFC 6154); asked once per connection. Throws MailboxError. */
export async function isJunkFolder(session: MailboxSession, folder: string): Promise<boolean> {
  let asked = junkFolders.get(session);
  if (asked === undefined) {
    asked = askForJunk(session);
    junkFolders.set(session, asked);
  }
  try {
    return (await asked).has(folder);
  } catch (error) {
    junkFolders.delete(session);
    throw error;
  }
}

async function askForJunk(session: MailboxSession): Promise<ReadonlySet<string>> {
  const folders = await session.folders();
  return new Set(folders.filter(({ specialUse }) => specialUse === "\\Junk").map(({ path }) => path));
}
