import { X509Certificate } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { limits } from "../domain/limits.ts";
import { type Parsed, right, wrong } from "./parsed.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** What the schema may ask of the world round the configuration file. */
export interface ConfigFiles {
  /** Absolute form of a path written in the configuration. */
  readonly path: (written: string) => string;
  /** The secret behind `{file}`, `{env}` or `{credential}`, without its final line end. */
  readonly secret: (reference: unknown, form?: SecretForm) => Promise<Parsed<string>>;
  /** PEM text of one or more certificates. */
  readonly certificates: (written: string) => Promise<Parsed<string>>;
  /** The absolute path of a directory that exists. */
  readonly directory: (written: string) => Promise<Parsed<string>>;
}

/** A `line` unless said otherwise; `pem` has several (RFC 7468). */
export type SecretForm = "line" | "pem";

/** Paths are relative to `directory`, the one of the configuration file. */
export function createConfigFiles(directory: string, env: Environment): ConfigFiles {
  const path = (written: string) => resolve(directory, written);
  return {
    path,
    secret: async (reference, form = "line") => {
      const read = await readSecret(reference, path, env);
      return read.ok ? inForm(read.value, form) : read;
    },
    certificates: async (written) => readCertificates(path(written)),
    directory: async (written) => findDirectory(path(written)),
  };
}

const waysOut =
  "Write a reference: {file: NAME} for a file of its own with mode 600, {credential: NAME} for a systemd credential, or {env: NAME}.";

async function readSecret(
  reference: unknown,
  path: (written: string) => string,
  env: Environment,
): Promise<Parsed<ReadSecret>> {
  if (typeof reference !== "object" || reference === null || Array.isArray(reference)) {
    return wrong("a secret must not stand in the configuration itself.", waysOut);
  }
  const named = new Map<string, unknown>(Object.entries(reference));
  const credential = named.get("credential");
  const shape = [...named.keys()].toSorted().join(" ");
  if ([...named.values()].some((name) => typeof name !== "string" || name === "")) {
    return wrong("the reference to a secret needs a name.", waysOut);
  }
  if (shape === "env") return readVariable(String(named.get("env")), env);
  const isInUnit = env["CREDENTIALS_DIRECTORY"] !== undefined;
  if (shape === "credential" || (shape === "credential file" && isInUnit)) {
    return readCredential(String(credential), env["CREDENTIALS_DIRECTORY"]);
  }
  if (shape === "file" || shape === "credential file") {
    return readSecretFile(path(String(named.get("file"))), "private");
  }
  return wrong("not a reference to a secret.", waysOut);
}

function readVariable(name: string, env: Environment): Parsed<ReadSecret> {
  if (!/^[A-Za-z_]\w*$/.test(name)) {
    return wrong(
      "not the name of an environment variable.",
      "Write the name of the variable, not its value.",
    );
  }
  const value = env[name];
  if (value === undefined || value === "") {
    return wrong(`the environment variable ${name} is not set.`, "Set it, or use {file: NAME}.");
  }
  return right({ text: value, source: `the environment variable ${name}` });
}

async function readCredential(name: string, directory: string | undefined): Promise<Parsed<ReadSecret>> {
  if (!/^[\w.-]+$/.test(name) || /^\.+$/.test(name)) {
    return wrong(
      "not the name of a credential.",
      "Write the name that LoadCredential= gives it in the unit.",
    );
  }
  if (directory === undefined) {
    return wrong(
      `there are no systemd credentials here, so ${name} cannot be read.`,
      "Start Usher through its unit, or name a file for use outside of it: {credential: NAME, file: NAME}.",
    );
  }
  return readSecretFile(join(directory, name), "credential");
}

/**
 * systemd lends credentials by access list, which stat shows as group bits; only rights of everybody are wrong there.
 * Elsewhere nobody but the owner may read a secret.
 */
const foreignRights = { private: 0o077, credential: 0o007 } as const;

async function readSecretFile(file: string, kind: keyof typeof foreignRights): Promise<Parsed<ReadSecret>> {
  return withFile(file, async (handle, mode) => {
    if ((mode & foreignRights[kind]) !== 0) {
      const shown = (mode & 0o777).toString(8);
      return wrong(`others may read or change the file ${file} (mode ${shown}).`, `Run: chmod 600 ${file}`);
    }
    const text = await readBounded(handle, limits.secretFileBytes);
    if (text === null) return wrong(`the file ${file} is too large for a secret.`, "Name the right file.");
    return right({ text, source: `the file ${file}` });
  });
}

interface ReadSecret {
  readonly text: string;
  /** Where it was read, in words. */
  readonly source: string;
}

/** The final line end is not part of a secret. */
function inForm({ text, source }: ReadSecret, form: SecretForm): Parsed<string> {
  const secret = text.replace(/\r?\n$/, "");
  if (secret === "") return wrong(`${source} is empty.`, "Write the secret into it.");
  if (form === "line" && /[\r\n\0]/.test(secret)) {
    return wrong(`${source} holds more than one line.`, "Keep the secret alone in it, on one line.");
  }
  return right(secret);
}

async function readCertificates(file: string): Promise<Parsed<string>> {
  return withFile(file, async (handle) => {
    const text = await readBounded(handle, limits.certificateFileBytes);
    if (text !== null && isCertificate(text)) return right(text);
    return wrong(`the file ${file} holds no certificate.`, "Name a PEM file: -----BEGIN CERTIFICATE-----.");
  });
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).publicKey.type === "public";
  } catch {
    return false;
  }
}

async function findDirectory(path: string): Promise<Parsed<string>> {
  try {
    if ((await stat(path)).isDirectory()) return right(path);
    return wrong(`${path} is not a directory.`, "Name a directory.");
  } catch (error) {
    return unreadable(path, error);
  }
}

/** The whole text of a configuration file. */
export async function readConfigFile(file: string): Promise<Parsed<string>> {
  return withFile(file, async (handle) => {
    const text = await readBounded(handle, limits.configBytes);
    if (text === null) return wrong("the file is too large for a configuration.", "Name the right file.");
    return right(text);
  });
}

/** Opens without waiting (a pipe would), and judges the file that was opened, not one that took its place. */
async function withFile<T>(
  file: string,
  read: (handle: FileHandle, mode: number) => Promise<Parsed<T>>,
): Promise<Parsed<T>> {
  try {
    await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const found = await handle.stat();
    if (!found.isFile()) return wrong(`${file} is not a regular file.`, "Name a file.");
    return await read(handle, found.mode);
  } catch (error) {
    return unreadable(file, error);
  }
}

/** The text of a file; null when it is longer than `maxBytes`. */
async function readBounded(handle: FileHandle, maxBytes: number): Promise<string | null> {
  const buffer = Buffer.alloc(maxBytes + 1);
  let filled = 0;
  for (;;) {
    const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled);
    filled += bytesRead;
    if (filled > maxBytes) return null;
    if (bytesRead === 0) return buffer.toString("utf8", 0, filled);
  }
}

const openFaults: Readonly<Record<string, readonly [string, string]>> = {
  ENOENT: ["does not exist.", "Create it, or correct the path."],
  ENOTDIR: ["does not exist.", "Correct the path: one of its parts is a file."],
  EACCES: ["may not be read by this user.", "Give the user that runs Usher the right to read it."],
};

function unreadable<T>(path: string, error: unknown): Parsed<T> {
  if (!(error instanceof Error) || !("code" in error)) throw error;
  const [message, remedy] = openFaults[String(error.code)] ?? [
    `cannot be read (${String(error.code)}).`,
    "Look at the path and at the file system.",
  ];
  return wrong(`${path} ${message}`, remedy);
}
