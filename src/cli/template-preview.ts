import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { templateName } from "../mail/templates/names.ts";
import { type Cli, CommandError, print } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { findChromium, type Look, takePictures } from "./pictures.ts";
import { openSite } from "./site.ts";
import { fillExample } from "./template-example.ts";
import { serve } from "./template-serve.ts";

interface PreviewOptions {
  readonly locale: string;
  readonly to?: string;
  readonly serve?: true;
  readonly port?: string;
  readonly json?: true;
}

const looks: Readonly<Record<string, Look>> = {
  "phone-light": { widthPx: 320, isDark: false },
  "phone-dark": { widthPx: 320, isDark: true },
  "desktop-light": { widthPx: 800, isDark: false },
  "desktop-dark": { widthPx: 800, isDark: true },
};

/** `usher template preview` */
export async function preview(cli: Cli, typed: string, options: PreviewOptions): Promise<void> {
  await using site = await openSite(cli);
  const name = templateName(typed);
  if (options.serve === true) {
    await serve(cli, { config: site.config, name, locale: options.locale, port: portOf(options.port) });
    return;
  }
  const example = await fillExample(site.config, name, options.locale);
  const folder =
    options.to === undefined ? await mkdtemp(join(tmpdir(), "usher-preview-")) : resolve(options.to);
  await mkdir(folder, { recursive: true });
  const stem = join(folder, `${name}.${example.mail.locale}`);
  const files = [
    await write(`${stem}.html`, example.html),
    await write(`${stem}.txt`, example.mail.text),
    await write(`${stem}.eml`, example.raw),
  ];
  const chromium = await findChromium(cli.io.env["PATH"]);
  if (chromium !== null) files.push(...(await writePictures(chromium, stem, example.html)));
  const { from, subject } = example.mail;
  print(cli, options.json, { from, subject, files, pictures: chromium !== null }, [
    `From: ${from}`,
    `Subject: ${subject}`,
    ...files,
    ...(chromium === null ? ["No pictures: there is no chromium on PATH."] : []),
  ]);
}

async function writePictures(chromium: string, stem: string, html: string): Promise<readonly string[]> {
  const names = Object.keys(looks);
  const pictures = await takePictures(chromium, html, Object.values(looks));
  return Promise.all(pictures.map(async (png, at) => write(`${stem}.${names[at]}.png`, png)));
}

async function write(file: string, content: string | Buffer): Promise<string> {
  await writeFile(file, content);
  return file;
}

function portOf(text = "0"): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new CommandError(`--port takes a number up to 65535, not ${text}`, exitCodes.usage);
}
