import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPages } from "../../../src/http/pages/pages.ts";
import type { InvitationPage } from "../../../src/http/server/sharing-parts.ts";
import { templateNames } from "../../../src/mail/templates/names.ts";
import { createTemplates } from "../../../src/mail/templates/templates.ts";
import { worstCases } from "../../../src/mail/templates/worst-cases.ts";
import { type Chromium, startChromium } from "../../world/chromium.ts";
import { allSaidIn, offered } from "./shipped-letters.ts";

const templates = createTemplates();
const pages = createPages(() => "Example Cloud");
let browser: Chromium;

beforeAll(async () => {
  // Nothing is asked of any host: what is looked at is handed over whole.
  browser = await startChromium({ host: "mail.example.org", port: 9 });
});

afterAll(async () => {
  await browser[Symbol.asyncDispose]();
});

interface Seen {
  /** Texts that cannot be read well: less than 4.5:1 (WCAG 2.2, 1.4.3). */
  readonly pale: readonly string[];
  /** Elements that reach out of the screen. */
  readonly wide: readonly string[];
  readonly texts: number;
}

/** Runs in the browser: every visible text with the colours that it really has. */
const lookAtTexts = `(() => {
  const channels = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = (color) => {
    const [r, g, b] = channels(color).map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if ((channels(color)[3] ?? 1) > 0) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const contrast = (element) => {
    const pair = [light(getComputedStyle(element).color), light(ground(element))].sort();
    return (pair[1] + 0.05) / (pair[0] + 0.05);
  };
  const seen = { pale: [], wide: [], texts: 0 };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const element = node.parentElement;
    if (node.data.trim() === "" || !element.checkVisibility()) continue;
    seen.texts += 1;
    const ratio = contrast(element);
    if (ratio < 4.5) seen.pale.push(node.data.trim().slice(0, 40) + " " + ratio.toFixed(2));
    const range = document.createRange();
    range.selectNodeContents(node);
    const { left, right } = range.getBoundingClientRect();
    if (left < 0 || right > innerWidth) seen.wide.push(node.data.trim().slice(0, 40) + " " + right);
  }
  if (document.documentElement.scrollWidth > innerWidth) seen.wide.push("the page");
  return JSON.stringify(seen);
})()`;

async function lookAs(widthPx: number, isDark: boolean): Promise<Seen> {
  await browser.show({ widthPx, isDark });
  const seen: Seen = JSON.parse(String(await browser.evaluate(lookAtTexts)));
  return seen;
}

/** On a phone and on a desktop, in light and in dark: all of it can be seen and read. */
async function expectReadable(html: string): Promise<void> {
  await browser.open(`data:text/html;base64,${Buffer.from(html).toString("base64")}`);
  for (const widthPx of [320, 800]) {
    for (const isDark of [false, true]) {
      const { pale, wide, texts } = await lookAs(widthPx, isDark);
      expect({ widthPx, isDark, pale, wide }).toEqual({ widthPx, isDark, pale: [], wide: [] });
      expect(texts).toBeGreaterThan(3);
    }
  }
}

// The languages share their looks; German has the longest words.
const locale = "de";

describe.each(templateNames)("the %s", (template) => {
  test("can be read on every screen, whatever it says", async () => {
    for (const said of allSaidIn(template)) {
      await expectReadable((await templates.render({ ...said, locale })).html);
    }
  });

  test.each(["one very long word", "texts from right to left"])("can be read with %s", async (what) => {
    const worst = worstCases(template, "W".repeat(100)).find((known) => known.what === what);
    if (worst === undefined) throw new Error(`There is no ${what}.`);
    await expectReadable((await templates.render({ ...worst.said, locale })).html);
  });
});

describe("the page of a recipient", () => {
  const page: InvitationPage = {
    title: offered.title,
    sharerName: "Alice",
    sharerAddress: "alice@example.org",
    host: "cloud.example.org",
    expiresAtMs: offered.expiresAtMs,
    state: "pending",
    isMuted: false,
    form: { action: "/invitation/0", token: "0" },
  };
  const long = { title: "x".repeat(200), sharerName: "W".repeat(100), host: "x.".repeat(100) };

  test.each([
    ["with the usual", pages.invitation(locale, page)],
    ["with very long words", pages.invitation(locale, { ...page, ...long })],
    ["after an answer", pages.invitationAnswered(locale, { ...page, outcome: "muted" })],
  ])("can be read on every screen %s", async (_, html) => {
    const styled = html.replace(/<link rel="stylesheet"[^>]*>/, `<style>${pages.stylesheet.css}</style>`);
    await expectReadable(styled);
  });
});
