import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { shippedFolder } from "../../../src/mail/templates/folders.ts";

/** A folder of templates that somebody writes into. */
export interface OwnFolder extends AsyncDisposable {
  readonly path: string;
  write(path: string, content: string | Buffer): Promise<void>;
  /** Writes what comes with Usher, changed. */
  change(path: string, change: (text: string) => string): Promise<void>;
  remove(path: string): Promise<void>;
}

export async function ownFolder(): Promise<OwnFolder> {
  const path = await mkdtemp(join(tmpdir(), "usher-templates-"));
  async function write(name: string, content: string | Buffer): Promise<void> {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), content);
  }
  return {
    path,
    write,
    change: async (name, change) => write(name, change(await shippedText(name))),
    remove: async (name) => rm(join(path, name)),
    [Symbol.asyncDispose]: async () => rm(path, { recursive: true }),
  };
}

export async function shippedText(name: string): Promise<string> {
  return readFile(join(shippedFolder.path, name), "utf8");
}

/** A small template of its own. */
export function smallMjml(words: string): string {
  return `---
subject: "${words} {{ share.title }}"
from: "{{ sharer.shown }}"
---
<mjml><mj-body><mj-section><mj-column><mj-text>${words}</mj-text></mj-column></mj-section></mj-body></mjml>
`;
}
