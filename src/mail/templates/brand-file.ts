import { z } from "zod";
import { orNull, field, type Parsed, right, section, wrong } from "../../config/parsed.ts";
import * as value from "../../config/values.ts";
import { limits } from "../../domain/limits.ts";

/** What stands in `brand.yaml`; null where it says nothing. */
export function brandFile() {
  return section({
    name: orNull(field(words)),
    logo: orNull(
      z.strictObject({
        image: field(value.text),
        width: field(pixels).prefault(160),
      }),
    ),
    colors: colors(),
    dark: colors(),
    footer: orNull(field(lines)),
    links: orNull(field(list).pipe(z.array(z.strictObject({ text: field(words), url: field(address) })))),
  });
}

export type BrandFile = z.output<ReturnType<typeof brandFile>>;

function colors() {
  return section({
    page: orNull(field(hexColor)),
    card: orNull(field(hexColor)),
    ink: orNull(field(hexColor)),
    faint: orNull(field(hexColor)),
    line: orNull(field(hexColor)),
    accent: orNull(field(hexColor)),
    contrast: orNull(field(hexColor)),
    link: orNull(field(hexColor)),
    good: orNull(field(hexColor)),
    bad: orNull(field(hexColor)),
  });
}

/** A line of text that no template language reads. */
function words(written: unknown): Parsed<string> {
  const read = value.text(written);
  if (!read.ok || !/\{[{%]/.test(read.value)) return read;
  return wrong("holds a placeholder.", "Write plain text: {{ and {% work in templates only.");
}

function lines(written: unknown): Parsed<string[]> {
  if (typeof written !== "string")
    return wrong("not a text.", "Write the lines below each other, after footer: |");
  const each = written.trim().split("\n");
  if (each.length > limits.brandFooterLines)
    return wrong("too long.", `Write at most ${limits.brandFooterLines} lines.`);
  const read = each.map(words);
  const bad = read.find((line) => !line.ok);
  return bad ?? right(read.flatMap((line) => (line.ok ? [line.value] : [])));
}

function hexColor(written: unknown): Parsed<string> {
  if (typeof written === "string" && /^#[0-9a-f]{6}$/i.test(written)) return right(written);
  return wrong("not a colour.", 'Write six hexadecimal digits in quotes, for example "#1d5fa8".');
}

function pixels(written: unknown): Parsed<number> {
  if (typeof written === "number" && Number.isInteger(written) && written >= 16 && written <= 536)
    return right(written);
  return wrong("not a width.", "Write a number of pixels from 16 to 536, without quotes.");
}

function list(written: unknown): Parsed<readonly unknown[]> {
  if (!Array.isArray(written)) return wrong("not a list.", "Write each link with text and url below a dash.");
  if (written.length <= limits.brandLinks) return right(written);
  return wrong("too many.", `Write at most ${limits.brandLinks} links.`);
}

function address(written: unknown): Parsed<string> {
  const url = typeof written === "string" ? URL.parse(written) : null;
  if (url !== null && ["https:", "mailto:"].includes(url.protocol)) return words(url.href);
  return wrong("not a link.", "Write an address that begins with https:// or mailto:.");
}
