import { readFile } from "node:fs/promises";
import { type Cli, CommandError } from "./command.ts";

const passwordBytes = 4096;

export interface PasswordSource {
  readonly passwordFile?: string;
  readonly passwordStdin?: true;
}

/**
 * A password from a file or from standard input, without its line end; null where neither was named.
 * Never from an argument: others can read the list of processes. Throws CommandError where it cannot be read or is empty.
 */
export async function readPassword(cli: Cli, source: PasswordSource): Promise<string | null> {
  if (source.passwordFile === undefined && source.passwordStdin !== true) return null;
  const bytes =
    source.passwordFile === undefined
      ? await cli.io.read(passwordBytes)
      : await readSecretFile(source.passwordFile);
  const password = bytes.toString("utf8").replace(/\r?\n$/, "");
  if (password === "") throw new CommandError("the password is empty; put it into the file or pipe it in");
  return password;
}

async function readSecretFile(file: string): Promise<Buffer> {
  try {
    return (await readFile(file)).subarray(0, passwordBytes);
  } catch (error) {
    throw new CommandError(
      `the password file ${file} cannot be read (${codeOf(error)}); name a readable file`,
    );
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown reason";
}
