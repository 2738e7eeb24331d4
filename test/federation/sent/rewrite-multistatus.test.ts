import { array, assert, constantFrom, property } from "fast-check";
import { expect, test } from "vitest";
import { rewriteMultistatus } from "../../../src/federation/sent/rewrite-multistatus.ts";

const inside = (href: string): string | null =>
  href.startsWith("/in/") ? href.replace("/in/", "/out/") : null;

function rewritten(text: string, permissions: string | null = null): string | null {
  return rewriteMultistatus(text, { hrefFor: inside, permissions });
}

const answer = (...responses: readonly string[]): string =>
  `<?xml version="1.0"?><d:multistatus xmlns:d="DAV:">${responses.join("")}</d:multistatus>`;

test.each([
  ["entities in hrefs", "<d:href>/in/a&amp;b&#47;c</d:href>", "<d:href>/out/a&amp;b/c</d:href>"],
  ["blanks around them", "<d:href>\n /in/a </d:href>", "<d:href>/out/a</d:href>"],
  ["CDATA", "<d:href><![CDATA[/in/a]]></d:href>", "<d:href>/out/a</d:href>"],
  ["a default namespace", '<href xmlns="DAV:">/in/a</href>', '<href xmlns="DAV:">/out/a</href>'],
])("%s are read as XML has them", (_name, given, wanted) => {
  const rest = "<d:status>HTTP/1.1 200 OK</d:status>";
  expect(rewritten(answer(`<d:response>${given}${rest}</d:response>`))).toBe(
    answer(`<d:response>${wanted}${rest}</d:response>`),
  );
});

test("all else stays letter by letter, but for other addresses and rights", () => {
  const odd = "<x:y xmlns:x='urn:&quot;' a=\"&lt;\"><!-- & --><?p i?>&#x1F600; é</x:y>";
  const given = `<d:response><d:href>/in/</d:href><d:prop>${odd}<o:share-permissions>7<b/></o:share-permissions><d:href>/p/q</d:href></d:prop></d:response>`;
  const rights =
    '<propstat xmlns="DAV:"><prop><share-permissions xmlns="http://open-cloud-mesh.org/ns">["read"]</share-permissions></prop><status>HTTP/1.1 200 OK</status></propstat>';
  expect(rewritten(answer(given), '["read"]')).toBe(
    answer(
      `<d:response><d:href>/out/</d:href><d:prop>${odd}<d:href></d:href></d:prop>${rights}</d:response>`,
    ),
  );
});

test("a response that names anything outside is left out whole", () => {
  const kept = "<d:response><d:href>/in/a</d:href></d:response>";
  const left = [
    "<d:response><d:href>/in/a</d:href><d:href>/elsewhere</d:href></d:response>",
    "<d:response><d:status>HTTP/1.1 200 OK</d:status></d:response>",
    "<d:response/>",
    "<d:response><d:href/></d:response>",
  ];
  for (const each of left) {
    expect(rewritten(answer(each, kept))).toBe(answer("<d:response><d:href>/out/a</d:href></d:response>"));
  }
});

test.each([
  "",
  "text",
  "<html/>",
  "<multistatus>",
  "<multistatus><response></multistatus>",
  "<multistatus/><multistatus/>",
  "<!DOCTYPE multistatus><multistatus/>",
  '<?xml version="1.0" encoding="ISO-8859-1"?><multistatus/>',
  `<multistatus>${"<a>".repeat(40)}${"</a>".repeat(40)}</multistatus>`,
])("%j is no answer that may be passed on", (text) => {
  expect(rewritten(text)).toBeNull();
});

test("whatever comes, no href of a response leads outside", () => {
  const piece = constantFrom(
    "<d:response>",
    "</d:response>",
    "<d:href>",
    "</d:href>",
    "<d:href/>",
    "<d:prop>",
    "</d:prop>",
    "/in/x",
    "/secret/x",
    "&amp;",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "<d:multistatus>",
    "</d:multistatus>",
  );
  assert(
    property(array(piece, { maxLength: 30 }), (pieces) => {
      const text = rewritten(answer(...pieces));
      const hrefs = [
        ...(text ?? "")
          .replaceAll(/<!--[^]*?(?:-->|$)|<!\[CDATA\[[^]*?(?:\]\]>|$)/g, "")
          .matchAll(/<d:href>([^<]*)/g),
      ];
      for (const [, href = ""] of hrefs) expect(href).not.toContain("/secret/");
    }),
    { numRuns: 500 },
  );
});
