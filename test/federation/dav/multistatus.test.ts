import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { limits } from "../../../src/domain/limits.ts";
import { readMultistatus } from "../../../src/federation/dav/multistatus.ts";
import { processorMs } from "../../world/processor-time.ts";

const folder = {
  href: "/public.php/webdav/",
  status: null,
  isFolder: true,
  sizeBytes: null,
  etag: '"f"',
  permissions: null,
};

describe("a multistatus answer", () => {
  test("is read whatever the prefixes of its namespaces", () => {
    const shapes = [
      ["d:", 'xmlns:d="DAV:"'],
      ["D:", 'xmlns:D="DAV:"'],
      ["", 'xmlns="DAV:"'],
    ] as const;
    for (const [prefix, declaration] of shapes) {
      const text = `<?xml version="1.0" encoding="utf-8"?>
        <${prefix}multistatus ${declaration}><${prefix}response><${prefix}href>/public.php/webdav/</${prefix}href>
        <${prefix}propstat><${prefix}prop><${prefix}resourcetype><${prefix}collection/></${prefix}resourcetype>
        <${prefix}getetag>&quot;f&quot;</${prefix}getetag></${prefix}prop><${prefix}status>HTTP/1.1 200 OK</${prefix}status>
        </${prefix}propstat></${prefix}response></${prefix}multistatus>`;
      expect(readMultistatus(text)).toEqual({ kind: "read", resources: [folder], isWhole: true });
    }
  });

  test("takes nothing of another namespace for a property of WebDAV", () => {
    const text = multistatus(
      `<d:response><d:href>/a</d:href><d:propstat><d:prop xmlns:x="urn:x"><x:getetag>"x"</x:getetag>
       <d:resourcetype><x:collection/></d:resourcetype><getcontentlength>7</getcontentlength></d:prop>
       <d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>`,
    );
    expect(only(text)).toMatchObject({ isFolder: false, sizeBytes: null, etag: null });
  });

  test("counts properties only where their status says that they are there", () => {
    const text = multistatus(
      `<d:response><d:href>/a</d:href>
       <d:propstat><d:prop><d:getcontentlength>5</d:getcontentlength></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>
       <d:propstat><d:prop><d:getcontentlength>9</d:getcontentlength><d:resourcetype><d:collection/></d:resourcetype></d:prop>
       <d:status>HTTP/1.1 404 Not Found</d:status></d:propstat></d:response>`,
    );
    expect(only(text)).toMatchObject({ isFolder: false, sizeBytes: 5 });
  });

  test("tells the permissions of Open Cloud Mesh, and the status of what cannot be shown", () => {
    const text = multistatus(
      `<d:response><d:href>/a</d:href><d:propstat><d:prop><x1:share-permissions
       xmlns:x1="http://open-cloud-mesh.org/ns">["read","write"]</x1:share-permissions></d:prop>
       <d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>
       <d:response><d:href>/b</d:href><d:status>HTTP/1.1 403 Forbidden</d:status></d:response>`,
    );
    expect(readMultistatus(text)).toMatchObject({
      resources: [
        { href: "/a", permissions: '["read","write"]' },
        { href: "/b", status: 403 },
      ],
    });
  });

  test("gives names with what XML had to write in another way, and takes CDATA as text", () => {
    const text = multistatus(
      `<d:response><d:href>/Tom%20&amp;%20Jo&#x2019;s</d:href></d:response>
       <d:response><d:href><![CDATA[/a&b]]></d:href></d:response>`,
    );
    expect(readMultistatus(text)).toMatchObject({
      resources: [{ href: "/Tom%20&%20Jo’s" }, { href: "/a&b" }],
    });
  });

  test("gives no size of a folder and none that is no number", () => {
    for (const size of ["-1", "1e9", "9".repeat(16), "", "12 "]) {
      const text = multistatus(
        `<d:response><d:href>/a</d:href><d:propstat><d:prop><d:getcontentlength>${size}</d:getcontentlength></d:prop>
         <d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>`,
      );
      expect(only(text)?.sizeBytes).toBe(size === "12 " ? 12 : null);
    }
  });
});

describe("a hostile multistatus answer", () => {
  test("that declares a document type is refused, wherever the declaration stands", () => {
    const response = "<d:response><d:href>/a&lol;</d:href></d:response>";
    const declarations = [
      '<!DOCTYPE d [<!ENTITY lol "lol">]>',
      '<!doctype multistatus SYSTEM "file:///etc/passwd">',
    ];
    for (const declaration of declarations) {
      const refused = { kind: "refused", because: "document-type" };
      expect(readMultistatus(`<?xml version="1.0"?>${declaration}${multistatus(response)}`)).toEqual(refused);
      expect(readMultistatus(multistatus(`${declaration}${response}`))).toEqual(refused);
    }
  });

  test("that is cut anywhere is refused, and never passes for a shorter folder", () => {
    const text = multistatus(
      "<d:response><d:href>/a</d:href></d:response><d:response><d:href>/b</d:href></d:response>",
    );
    for (let end = 0; end < text.length; end += 1) {
      expect(readMultistatus(text.slice(0, end)).kind).toBe("refused");
    }
    expect(readMultistatus(text).kind).toBe("read");
  });

  test("that is something else is refused", () => {
    const others = ["", "{}", "<html><body><p>Hello</p></body></html>", "<multistatus/>", "\u0000", "]]>"];
    for (const text of others) expect(readMultistatus(text).kind).toBe("refused");
    expect(readMultistatus('<x xmlns="DAV:"><multistatus/></x>').kind).toBe("refused");
  });

  test("has bounds in number and depth", () => {
    const many = "<d:response><d:href>/a</d:href></d:response>".repeat(limits.davEntries + 1);
    const read = readMultistatus(multistatus(many));
    expect(read).toMatchObject({ kind: "read", isWhole: false });
    expect(read.kind === "read" && read.resources.length).toBe(limits.davEntries);
    const deep = multistatus("<a>".repeat(50_000));
    expect(readMultistatus(deep)).toEqual({ kind: "refused", because: "too-deep" });
  });

  test("of many namespaces costs no more than it is long", async () => {
    const declarations = Array.from({ length: 5000 }, (_, at) => `xmlns:n${at}="urn:${at}"`).join(" ");
    const children = '<n1:a xmlns:m="urn:m"/>'.repeat(20_000);
    const text = multistatus(`<d:response ${declarations}>${children}</d:response>`);
    // Linear work takes a few milliseconds, quadratic many seconds.
    expect(await processorMs(() => readMultistatus(text))).toBeLessThan(2000);
  });

  test("never throws, whatever stands in it", () => {
    const parts =
      "<d:response> </d:response> <d:href>/a </d:href> <d:propstat> <d:prop> <![CDATA[ ]]> <!-- --> &amp; < > ?>";
    const part = fc.constantFrom(...parts.split(" "));
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), fc.array(part), (noise, made) => {
        for (const inner of [noise, made.join(""), made.join(noise)]) {
          expect(["read", "refused"]).toContain(readMultistatus(multistatus(inner)).kind);
          expect(["read", "refused"]).toContain(readMultistatus(inner).kind);
        }
      }),
    );
  });
});

function multistatus(inner: string): string {
  return `<?xml version="1.0"?><d:multistatus xmlns:d="DAV:">${inner}</d:multistatus>`;
}

function only(text: string) {
  const read = readMultistatus(text);
  return read.kind === "read" ? read.resources[0] : undefined;
}
