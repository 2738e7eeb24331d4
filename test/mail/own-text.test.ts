import { readFileSync } from "node:fs";
import { basename } from "node:path";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { limits } from "../../src/domain/limits.ts";
import { ownText } from "../../src/mail/own-text.ts";
import { parseMail } from "../../src/mail/parse.ts";
import { filesBelow, sharedFolder } from "../world/shared-files.ts";
import { processorMs } from "../world/processor-time.ts";

const link = "https://alice.example/share";

function plain(text: string) {
  return ownText([{ type: "plain", text }]);
}

function html(text: string) {
  return ownText([{ type: "html", text }]);
}

function hrefs(text: { readonly ownLinks: readonly { readonly href: string }[] }): readonly string[] {
  return text.ownLinks.map(({ href }) => href);
}

describe("addresses written in plain text", () => {
  test.each([
    ["alone", link],
    ["at the end of a sentence", `Look at ${link}.`],
    ["in angle brackets", `Open folder <${link}>`],
    ["against the word before", `Open folder<${link}>`],
    ["in round brackets", `(see ${link})`],
    ["in guillemets", `»${link}«`],
    ["in German quotes", `„${link}“`],
    ["behind a colon", `Link:${link}`],
    ["in Markdown", `[the folder](${link})`],
    ["in bold", `**${link}**`],
    ["before a Japanese full stop", `${link}。`],
    ["in capitals", link.replace("https", "HTTPS")],
  ])("are found %s", (_, text) => {
    expect(hrefs(plain(text))).toEqual([link]);
  });

  test("keep the brackets that are their own", () => {
    expect(hrefs(plain("(https://alice.example/a_(b))"))).toEqual(["https://alice.example/a_(b)"]);
  });

  test.each([
    ["another address's query", "https://filter.example/?u=https://alice.example/share"],
    ["another address's path", "http://filter.example/https://alice.example/share"],
    ["an address without a scheme", "filter.example/go?u=https://alice.example/share"],
    ["a mail address", "mailto:bob@recipient.example?body=https://alice.example/share"],
    ["a word", "xhttps://alice.example/share"],
    ["an address that ends inside it", "https://filter.example/?u=<https://alice.example/share>"],
  ])("are no addresses of their own inside %s", (_, text) => {
    expect(hrefs(plain(text)).filter((href) => href.startsWith("https://alice.example"))).toEqual([]);
  });

  test("are left out where they are too long to be meant", () => {
    expect(hrefs(plain(`https://alice.example/${"x".repeat(limits.urlChars)}`))).toEqual([]);
  });
});

describe("plain text that somebody else wrote", () => {
  test.each([
    ["quoted", `> ${link}`],
    ["quoted twice", `>> ${link}`],
    ["quoted with spaces", `  >> ${link}`],
    ["joined to the line before by format=flowed", `Alice wrote: > ${link}`],
    ["below Gmail's line", `---------- Forwarded message ---------\nFrom: Alice\n\n${link}`],
    ["below Thunderbird's line", `-------- Weitergeleitete Nachricht --------\n${link}`],
    ["below Outlook's line", `-----Original Message-----\n${link}`],
    ["below mutt's line", `----- Forwarded message from Alice <alice@a.example> -----\n\n${link}`],
    [
      "below Apple's header fields",
      `Begin forwarded message:\n\nFrom: Alice <alice@a.example>\nSubject: x\nDate: today\nTo: bob\n\n${link}`,
    ],
    [
      "below Outlook's header fields, in German",
      `________________________________\nVon: Alice <alice@a.example>\nGesendet: Montag\nAn: Bob\nBetreff: x\n\n${link}`,
    ],
    [
      "below header fields without addresses",
      `De : Alice\nEnvoyé : lundi 5 octobre 2026 18:29\nÀ : Bob\nObjet : x\n\n${link}`,
    ],
  ])("is left out: %s", (_, text) => {
    const found = plain(`My own words.\n${text}\n`);
    expect(hrefs(found)).toEqual([]);
    expect(found.ownLines[0]).toBe("My own words.");
    expect(found.ownLines.join("\n")).not.toContain("alice.example");
  });

  test.each([
    ["between dashes that hold a personal note", `---\nA note.\n---\n${link}`],
    ["below a drawn line", `${"-".repeat(72)}\n${link}`],
    [
      "below two labels",
      `Enter these two values:\n  Token: abc\n  ProviderDomain: https://a.example\n${link}`,
    ],
    ["below a code with @", `Details:\nInvite code: abc@a.example\n\nEncoded invite: xyz\n${link}`],
    ["behind a signature's line", `-- \n${link}`],
    ["in a signed mail", `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n${link}`],
    ["between two quotes", `> one\n${link}\n> two`],
  ])("does not take own text with it: %s", (_, text) => {
    expect(hrefs(plain(text))).toContain(link);
  });
});

describe("HTML", () => {
  test("gives links with what is shown for them, and addresses that are written out", () => {
    const text = `<p>Hi, <a href="${link}?a=1&b=2&amp;c=3"><b>Open&nbsp;it</b> <img src=x></a></p><td>${link}/2&amp;x</td>`;
    expect(html(text).ownLinks).toEqual([
      { href: `${link}?a=1&b=2&c=3`, shown: "Open it" },
      { href: `${link}/2&x`, shown: null },
    ]);
  });

  test("gives one link for one address, with what the HTML shows for it", () => {
    const both = ownText([
      { type: "plain", text: link },
      { type: "html", text: `<a href="${link}">Open</a> or <a href="${link}">${link}</a>` },
    ]);
    expect(both.ownLinks).toEqual([{ href: link, shown: "Open" }]);
  });

  test("never takes what a link shows for the link", () => {
    expect(html(`<a href="https://evil.example/">${link}</a>`).ownLinks).toEqual([
      { href: "https://evil.example/", shown: link },
    ]);
    expect(hrefs(html(`<a href="mailto:x@a.example">${link}</a>`))).toEqual([]);
  });

  test("gives the lines that a reader sees", () => {
    const text =
      "<title>t</title><style>p{}</style><p>One\n two<br>three</p><ul><li>Code: <code>4</code></li></ul>";
    expect(html(text).ownLines).toEqual(["One two", "three", "Code: 4"]);
  });

  test.each([
    ["a block quote", `<blockquote type="cite"><div>${link}</div></blockquote>`],
    ["nested block quotes", `<blockquote><blockquote>a</blockquote>${link}</blockquote>`],
    ["a block quote that never ends", `<blockquote><div>a</div>${link}`],
    ["Gmail's quote", `<div class="gmail_quote"><div>a</div><a href="${link}">x</a></div>`],
    ["Gmail's quote through Outlook", `<div class="x_gmail_quote foo">${link}</div>`],
    ["Thunderbird's forward", `<div class="moz-forward-container">${link}</div>`],
    ["Outlook's answer", `<hr><div id="divRplyFwdMsg">From</div><div>${link}</div>`],
    ["Outlook's answer on a phone", `<div class="ms-outlook-mobile-reference-message"></div><p>${link}</p>`],
    [
      "Outlook's border and header fields",
      `<div style="border:none;border-top:solid #E1E1E1 1.0pt"><p><b>Von:</b> Alice &lt;alice@a.example&gt;<br><b>An:</b> Bob<br><b>Betreff:</b> x</p></div><p>${link}</p>`,
    ],
    [
      "the line of a forwarded mail",
      `<p>-------- Forwarded Message --------</p><table><tr><td>${link}</td></tr></table>`,
    ],
    ["quoting marks kept from plain text", `<pre>Alice wrote:\n&gt; ${link}\n</pre>`],
  ])("leaves out %s", (_, text) => {
    const found = html(`<p>My own words.</p>${text}`);
    expect(hrefs(found)).toEqual([]);
    expect(found.ownLines.join("\n")).toMatch(/^My own words\./);
  });

  test("keeps what stands below a quote", () => {
    const text = `<div class="gmail_quote"><div>a</div>b</div><p><a href="${link}">x</a></p>`;
    expect(hrefs(html(text))).toEqual([link]);
  });

  test("has no link in comments, scripts, or what is not the web", () => {
    expect(
      hrefs(
        html(`<!-- ${link} --><script>"${link}"</script><a href="cid:1">a</a><a href="javascript:x">b</a>`),
      ),
    ).toEqual([]);
  });
});

test("What one part of a mail quotes is quoted in the other, whose program lost the marks", () => {
  const quoted = `<p>Look what came.</p><blockquote>Token: 1<br><a href="${link}">x</a></blockquote>`;
  const found = ownText([
    { type: "plain", text: `Look what came.\nToken: 1\n${link}` },
    { type: "html", text: quoted },
  ]);
  expect(found.ownLinks).toEqual([]);
  expect(found.ownLines).not.toContain("Token: 1");
});

describe("text made to hurt", () => {
  const size = 120 * 1024;
  const hostile: Readonly<Record<string, string>> = {
    links: "https://a.example/s/abc ".repeat(size / 24),
    "one run of links": "https://a.example/?u=".repeat(size / 21),
    "schemes alone": "http://".repeat(size / 7),
    brackets: `https://a.example/${")".repeat(2000)} `.repeat(size / 2020),
    "angle brackets": "<".repeat(size),
    "quoting marks": "> ".repeat(size / 2),
    dashes: "-".repeat(size),
    "dashes and words": "-- a ".repeat(size / 5),
    labels: "Label: a@b.example 12:30\n".repeat(size / 25),
    "labels without end": "A".repeat(size),
    "header fields of brackets": `From: x\nTo: y\nSubject: ${"<".repeat(size)}\nDate: z\n`,
    "white space": " ".repeat(size),
    "empty lines": "\n".repeat(size),
    "deep nesting": "<div>".repeat(size / 5),
    "broken nesting": "<a><b><blockquote></a></p></div>".repeat(size / 32),
    "links in HTML": '<a href="https://a.example/1">x</a>'.repeat(size / 35),
    "links without end": '<a href="https://a.example/1">'.repeat(size / 30),
    "an attribute without end": `<a href="${"x".repeat(size)}`,
    "attributes without end": `<a ${"href=x ".repeat(size / 7)}>`,
    entities: "&amp;&#x41;&nbsp".repeat(size / 16),
    "entities in an attribute": `<a href="${"&amp;".repeat(size / 5)}">x</a>`,
    "comments without end": "<!--".repeat(size / 4),
    styles: `<p style="border-top:${" ".repeat(size)}">`,
  };

  test.each(Object.entries(hostile))("%s is read within a moment", async (_, text) => {
    for (const type of ["plain", "html"] as const) {
      // Linear work takes a few milliseconds, quadratic many seconds.
      expect(await processorMs(() => ownText([{ type, text }]))).toBeLessThan(1000);
      const found = ownText([{ type, text }]);
      expect(found.ownLinks.length).toBeLessThanOrEqual(limits.linksPerMail);
      expect(found.ownLines.length).toBeLessThanOrEqual(limits.ownLinesPerMail);
    }
  });

  test("never throws, whatever it is", () => {
    const piece = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom(
        "<",
        ">",
        "https://",
        "&#x110000;",
        "&#xD800;",
        "<a href=",
        '"',
        "</blockquote>",
        "\n",
        "-- x --",
        "From: ",
      ),
    );
    fc.assert(
      fc.property(fc.array(piece), fc.constantFrom("plain" as const, "html" as const), (pieces, type) => {
        const text = pieces.join("");
        expect(ownText([{ type, text }])).toEqual(ownText([{ type, text }]));
      }),
      { numRuns: 300 },
    );
  });
});

const folder = sharedFolder("samples/mail");

test.skipIf(folder === undefined)("The samples have their link in plain text and in HTML alike", async () => {
  const paths = filesBelow(folder ?? "", (name) => /^(cozy|public).*eml$/.test(name));
  expect(paths.length).toBeGreaterThan(8);
  for (const path of paths) {
    const { texts } = await parseMail(readFileSync(path));
    const [first, second] = texts.map((part) => hrefs(ownText([part]))[0]);
    expect(first, basename(path)).toMatch(/^https:/);
    expect(second, basename(path)).toBe(first);
  }
});
