import { describe, expect, test } from "vitest";
import type { Reply } from "../faulty-answers.ts";
import { treeOf } from "./tree.ts";
import { ocmPermissionsProperty, serveWebdav } from "./webdav.ts";
import type { OcmRequest } from "./wire.ts";

const root = treeOf({ name: "Photos", files: { "sea & sun.jpg": "blue", "deep/rock.txt": "grey" } });

function ask(method: string, below: string, headers: Readonly<Record<string, string>> = {}, body = "") {
  const noted: string[] = [];
  const request: OcmRequest = {
    method,
    host: "cloud.example",
    target: `/dav/${below}`,
    path: `/dav/${below}`,
    query: new URLSearchParams(),
    headers: new Map(Object.entries(headers)),
    body: Buffer.from(body),
    isTooLarge: false,
  };
  const more = { [ocmPermissionsProperty]: '["read"]' };
  const refuse = (what: string) => void noted.push(what);
  const reply: Reply = serveWebdav(request, { root, base: "/dav/", below, more, refuse });
  return { ...reply, text: reply.body.toString(), fields: new Map(reply.headers), noted };
}

function named(...properties: readonly string[]): string {
  return `<?xml version="1.0"?><propfind xmlns="DAV:" xmlns:o="http://open-cloud-mesh.org/ns"><prop>${properties.join("")}</prop></propfind>`;
}

function hrefs(text: string): readonly string[] {
  return [...text.matchAll(/<d:href>([^<]*)/g)].map(([, href = ""]) => href);
}

describe("PROPFIND", () => {
  test("shows one resource, or a folder with what is in it", () => {
    const one = ask("PROPFIND", "", { depth: "0" });
    expect([one.status, hrefs(one.text)]).toEqual([207, ["/dav/"]]);
    const all = ask("PROPFIND", "", { depth: "1" });
    expect(hrefs(all.text)).toEqual(["/dav/", "/dav/sea%20%26%20sun.jpg", "/dav/deep/"]);
    const below = ask("PROPFIND", "deep/", { depth: "1" });
    expect(hrefs(below.text)).toEqual(["/dav/deep/", "/dav/deep/rock.txt"]);
    expect(ask("PROPFIND", "sea%20%26%20sun.jpg", { depth: "1" }).text).toContain(
      "<d:getcontentlength>4</d:getcontentlength>",
    );
    expect(ask("PROPFIND", "none", { depth: "0" }).status).toBe(404);
  });

  test("gives what is asked for, and says 404 of what is not there; all properties are the usual ones", () => {
    const question = named("<getetag/>", "<o:share-permissions/>", "<quota/>");
    const { text } = ask("PROPFIND", "", { depth: "0" }, question);
    expect(text).toMatch(/<d:getetag>&quot;\w+&quot;<\/d:getetag>/);
    expect(text).toContain("[&quot;read&quot;]</x1:share-permissions>");
    expect(text).toMatch(/<d:quota><\/d:quota><\/d:prop><d:status>HTTP\/1\.1 404/);
    expect(text).not.toContain("resourcetype");
    const all = `<propfind xmlns="DAV:"><allprop/></propfind>`;
    const usual = ask("PROPFIND", "", { depth: "0" }, all).text;
    expect(usual).toContain("<d:resourcetype><d:collection/></d:resourcetype>");
    expect(usual).not.toContain("share-permissions");
    expect(ask("PROPFIND", "", { depth: "0" }, "<nonsense").status).toBe(400);
  });

  test.each(["infinity", ""])("notes the depth %j", (depth) => {
    const { status, noted } = ask("PROPFIND", "", depth === "" ? {} : { depth });
    expect([status, noted.length]).toEqual([400, 1]);
  });
});

describe("GET", () => {
  test("gives a file or a part of it", () => {
    const whole = ask("GET", "sea%20%26%20sun.jpg");
    expect([whole.status, whole.text]).toEqual([200, "blue"]);
    expect(whole.fields.get("ETag")).toMatch(/^"\w+"$/);
    const range = (field: string) => ask("GET", "deep/rock.txt", { range: field });
    expect([range("bytes=1-2").status, range("bytes=1-2").text]).toEqual([206, "re"]);
    expect(range("bytes=1-2").fields.get("Content-Range")).toBe("bytes 1-2/4");
    expect(range("bytes=2-").text).toBe("ey");
    expect(range("bytes=-1").text).toBe("y");
    expect(range("bytes=4-9").status).toBe(416);
  });

  test("of a folder, and every way to write, is noted", () => {
    expect(ask("GET", "deep").noted).toHaveLength(1);
    expect(ask("PUT", "deep/new.txt").status).toBe(404);
    expect(ask("PUT", "deep/rock.txt")).toMatchObject({ status: 405, noted: [expect.any(String)] });
    expect(ask("GET", "%zz").status).toBe(404);
  });
});
