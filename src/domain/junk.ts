/** Where a mail lies and what its keywords say. */
export interface MailPlace {
  /** Path of the folder on the server. */
  readonly folder: string;
  /** The server names this folder as the one for junk (RFC 6154, \Junk). */
  readonly isJunkFolder: boolean;
  /** Flags and keywords. */
  readonly flags: readonly string[];
}

/** Whether a mail counts as junk: by the server's folder for it, by a keyword, or by the folder's usual name. */
export function isJunk({ folder, isJunkFolder, flags }: MailPlace): boolean {
  const name =
    folder
      .split(/[./\\]/)
      .at(-1)
      ?.toLowerCase() ?? "";
  return isJunkFolder || junkNames.has(name) || flags.some((flag) => junkFlags.has(flag.toLowerCase()));
}

/** The registered keywords (RFC 9051 section 2.3.2), and the older one that mail programs still set. */
const junkFlags: ReadonlySet<string> = new Set(["$junk", "$phishing", "junk"]);

/** Names that servers without special-use folders give. */
const junkNames: ReadonlySet<string> = new Set(["junk", "spam", "junk e-mail", "junk email", "bulk mail"]);
