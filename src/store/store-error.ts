/** A failure of the store. Temporary or not is decided from SQLite's code, never from words. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  /** A result code of SQLite such as SQLITE_BUSY, a system code such as ENOENT, or a reason of Usher's own. */
  readonly code: string;
  /** Whether the same work may succeed later without a change by a person. */
  readonly temporary: boolean;

  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.temporary = temporaryCodes.has(code);
  }
}

/** A full disk counts as temporary: work goes on by itself once there is space (reference/security.md D1). */
const temporaryCodes: ReadonlySet<string> = new Set([
  "SQLITE_BUSY",
  "SQLITE_LOCKED",
  "SQLITE_FULL",
  "SQLITE_NOMEM",
  "SQLITE_INTERRUPT",
]);

const advice: Readonly<Record<string, string>> = {
  SQLITE_BUSY: "another program holds it locked; end that program or try again",
  SQLITE_FULL: "its file system is full; free some space, and the work goes on by itself",
  SQLITE_NOTADB: "the file is not an SQLite database; name another file under store.file",
  SQLITE_CORRUPT: "the file is damaged; stop Usher and put a backup in its place",
  SQLITE_READONLY: "the file may not be written; give it and its directory to the user that Usher runs as",
  SQLITE_CANTOPEN:
    "it cannot be opened; check that its directory exists and that Usher's user may write there",
  SQLITE_IOERR: "reading or writing failed; check the disk",
  ENOENT: "its directory does not exist; create it for the user that Usher runs as, with mode 0700",
  ENOTDIR: "a part of its path is not a directory; correct store.file",
  EACCES: "access is denied; give it and its directory to the user that Usher runs as",
  EPERM: "access is denied; give it and its directory to the user that Usher runs as",
  EROFS: "its file system is read-only; mount it for writing or correct store.file",
  ENOSPC: "its file system is full; free some space",
};

/** Wraps what SQLite or the file system said about the store; keeps a StoreError as it is. */
export function storeError(file: string, cause: unknown): StoreError {
  if (cause instanceof StoreError) return cause;
  const code = codeOf(cause);
  const said = cause instanceof Error ? cause.message : String(cause);
  const wayOut = advice[code];
  return new StoreError(
    code,
    `Store ${file}: ${wayOut ?? said} (${wayOut === undefined ? code : said}).`,
    cause,
  );
}

function codeOf(cause: unknown): string {
  if (typeof cause === "object" && cause !== null && "code" in cause && typeof cause.code === "string") {
    return cause.code;
  }
  return "UNKNOWN";
}
