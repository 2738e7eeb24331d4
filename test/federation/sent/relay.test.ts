import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { limits } from "../../../src/domain/limits.ts";
import { bearer } from "../../world/application/application.ts";
import { root } from "../../world/application/files.ts";
import { askRaw, openSentWorld, propfind, type SentWorld, type Taken } from "./world.ts";
import { basic } from "../../world/ocm/wire.ts";

let world: SentWorld;
let file: Taken;
let folder: Taken;
beforeAll(async () => {
  world = await openSentWorld([]);
  file = await world.taken();
  folder = await world.taken(reports());
});
afterAll(async () => world[Symbol.asyncDispose]());
afterEach(() => world.application.behave(null));

const reports = (more: object = {}) => ({
  title: "Reports",
  webdav: `${world.application.url}Reports/`,
  ...more,
});

const depth = (value: string) => ({ headers: { depth: value }, body: propfind });

function hrefs(xml: string): readonly string[] {
  return [...xml.matchAll(/<D:response><D:href>([^<]*)</g)].map(([, href = ""]) => href);
}

function responseOf(href: string): string {
  return `<D:response><D:href>${href}</D:href><D:propstat/></D:response>`;
}

describe("a share is opened", () => {
  test.each([
    ["by its secret as login, as Nextcloud does", (secret: string) => basic(secret, "")],
    ["whatever password comes with the secret", (secret: string) => basic(secret, "pass:word")],
    ["by its secret as bearer token, as the reva family does", (secret: string) => `Bearer ${secret}`],
  ])("%s", async (_name, authorization) => {
    const asked = { headers: { authorization: authorization(file.secret) } };
    expect((await world.dav("GET", "/dav/ocm/", "", asked)).text).toBe("What the report says.");
    expect((await world.dav("GET", `/dav/ocm/${file.providerId}`, "", asked)).status).toBe(200);
  });

  test.each(["", "wrong", "Wrong%00", "bearer-0123456789", "alice"])(
    "by nothing else: %j",
    async (secret) => {
      const answer = await world.dav("GET", `/dav/ocm/${file.providerId}`, secret);
      expect(answer).toMatchObject({ status: 401, text: "" });
      expect(answer.headers.get("www-authenticate")).toContain("Basic");
    },
  );

  test("only as what its own secret names: the id of another share opens nothing", async () => {
    expect((await world.dav("GET", `/dav/ocm/${file.providerId}`, folder.secret)).status).toBe(404);
    expect((await world.dav("GET", `/dav/ocm/${folder.providerId}/sums.csv`, file.secret)).status).toBe(404);
  });

  test("at its root and under its name where it is one file (reference/ocm.md 4.6)", async () => {
    for (const below of ["", "/", "/report.pdf"]) {
      const path = `/dav/ocm/${file.providerId}${below}`;
      expect((await world.dav("GET", path, file.secret)).text).toBe("What the report says.");
      expect(hrefs((await world.dav("PROPFIND", path, file.secret, depth("1"))).text)).toHaveLength(1);
    }
    expect((await world.dav("GET", `/dav/ocm/${file.providerId}/diary.txt`, file.secret)).status).toBe(404);
  });

  test("until its time is over, to the moment", async () => {
    const soon = await world.taken({ expires_at: Date.now() + limits.sharingMinMs + 60_000 });
    expect((await world.dav("GET", "/dav/ocm/", soon.secret)).status).toBe(200);
    const { db } = world.usher.site.store;
    await db
      .updateTable("ocm_sent_share")
      .set({ expires_at: Date.now() - 1 })
      .where("sharing_id", "=", soon.id)
      .execute();
    expect((await world.dav("GET", "/dav/ocm/", soon.secret)).status).toBe(401);
  });

  test("only where its server took it", async () => {
    const { db } = world.usher.site.store;
    const one = await world.taken();
    for (const state of ["created", "declined", "unshared", "failed"] as const) {
      await db.updateTable("ocm_sent_share").set({ state }).where("sharing_id", "=", one.id).execute();
      expect((await world.dav("GET", "/dav/ocm/", one.secret)).status, state).toBe(401);
    }
  });

  test("with a bearer token at the application as with a login", async () => {
    const { secret } = await world.taken({ login: null, secret: bearer });
    expect((await world.dav("GET", "/dav/ocm/", secret)).status).toBe(200);
  });
});

describe("a folder is listed", () => {
  test("with addresses of this site, and nothing of the application's own", async () => {
    for (const base of ["/dav/ocm/", `/dav/ocm/${folder.providerId}/`]) {
      const { status, text } = await world.dav("PROPFIND", base, folder.secret, depth("1"));
      expect(status).toBe(207);
      expect(hrefs(text)).toEqual([base, `${base}2026%20%26%20more/`, `${base}sums.csv`]);
      expect(text).not.toContain("remote.php");
      expect(text).not.toContain("principals");
    }
  });

  test("with the rights of the share in place of the application's, where it is asked for them", async () => {
    const { text } = await world.dav("PROPFIND", "/dav/ocm/", folder.secret, depth("0"));
    expect(text.match(/share-permissions[^>]*>[^<]*/g)).toEqual([
      'share-permissions xmlns="http://open-cloud-mesh.org/ns">["read"]',
      "share-permissions>",
    ]);
    const plain = { headers: { depth: "0" }, body: '<propfind xmlns="DAV:"><allprop/></propfind>' };
    expect((await world.dav("PROPFIND", "/dav/ocm/", folder.secret, plain)).text).not.toContain(
      "permissions",
    );
  });

  test.each(["infinity", "2", undefined])("one level at a time, not with depth %s", async (value) => {
    const asked = { headers: value === undefined ? {} : { depth: value }, body: propfind };
    const answer = await world.dav("PROPFIND", "/dav/ocm/", folder.secret, asked);
    expect(answer).toMatchObject({ status: 403, text: expect.stringContaining("propfind-finite-depth") });
  });

  test("without what the application puts in from elsewhere", async () => {
    const listed = [
      `${root}Reports/`,
      `${root}Secret/`,
      `${root}Reports/../Secret/x`,
      "/dav/ocm/",
      "//x/y",
      "",
    ];
    const absolute = `https://inner.example${root}Reports/a%2Bb`;
    const body = `<D:multistatus xmlns:D="DAV:">${[...listed, absolute].map(responseOf).join("")}</D:multistatus>`;
    world.application.behave({ status: 207, body });
    const { text } = await world.dav("PROPFIND", "/dav/ocm/", folder.secret, depth("1"));
    expect(hrefs(text)).toEqual(["/dav/ocm/", "/dav/ocm/a%2Bb"]);
  });

  test.each([
    ["no XML", "Welcome"],
    ["a page", "<html><body>Log in</body></html>"],
    ["a document type", '<!DOCTYPE x [<!ENTITY e "e">]><multistatus xmlns="DAV:">&e;</multistatus>'],
    ["an answer that was cut off", '<D:multistatus xmlns:D="DAV:"><D:response><D:href>/'],
  ])("and is not where the application answers %s", async (_name, body) => {
    world.application.behave({ status: 207, body });
    const { status, text } = await world.dav("PROPFIND", "/dav/ocm/", folder.secret, depth("1"));
    expect([status, text]).toEqual([502, ""]);
    expect(world.events("share-not-relayed").at(-1)).toMatchObject({ reason: "no-multistatus" });
  });
});

describe("nothing leads out of a share", () => {
  const ways = [
    "../Secret/diary.txt",
    "%2e%2e/Secret/diary.txt",
    "..%2fSecret%2fdiary.txt",
    "x/../../Secret/diary.txt",
    "2026%20%26%20more%2f..%2f..%2fSecret/diary.txt",
    "..\\Secret\\diary.txt",
    "%5c..%5cSecret",
    "./sums.csv",
    "sums.csv%00",
    "sums.csv%0d%0aX-Y:%20z",
  ];
  test.each(ways)("%s", async (path) => {
    const before = world.application.asked.length;
    for (const base of ["/dav/ocm/", `/dav/ocm/${folder.providerId}/`]) {
      const headers = { authorization: basic(folder.secret, ""), depth: "1" };
      for (const method of ["GET", "PROPFIND"]) {
        expect([400, 404]).toContain(await askRaw(world, { method, path: base + path, headers }));
      }
    }
    expect(world.application.asked.length).toBe(before);
  });

  test("names that only look odd are names", async () => {
    world.application.files.set("Reports/..a%2fb?c#d;e&f.txt", { bytes: Buffer.from("odd") });
    const path = `/dav/ocm/${encodeURIComponent("..a%2fb?c#d;e&f.txt")}`;
    expect((await world.dav("GET", path, folder.secret)).status).toBe(200);
  });
});

describe("a file is read", () => {
  test("with what belongs to it, and nothing that belongs to the application", async () => {
    const { headers } = await world.dav("GET", "/dav/ocm/", file.secret);
    expect(headers.get("content-type")).toBe("text/html");
    expect(headers.get("content-length")).toBe("21");
    expect(headers.get("etag")).toMatch(/^"[0-9a-f]{32}"$/);
    expect(headers.get("content-disposition")).toBe("attachment");
    expect(headers.get("content-security-policy")).toContain("sandbox");
    for (const name of ["set-cookie", "x-powered-by"]) expect(headers.has(name), name).toBe(false);
    const [asked] = world.application.asked.slice(-1);
    expect(asked?.headers).not.toHaveProperty("x-forwarded-for");
  });

  test("in part, and not at all where nothing changed", async () => {
    const part = await world.dav("GET", "/dav/ocm/", file.secret, { headers: { range: "bytes=5-7" } });
    expect(part).toMatchObject({ status: 206, text: "the" });
    expect(part.headers.get("content-range")).toBe("bytes 5-7/21");
    const beyond = await world.dav("GET", "/dav/ocm/", file.secret, { headers: { range: "bytes=99-" } });
    expect(beyond).toMatchObject({ status: 416 });
    expect(beyond.headers.get("content-range")).toBe("bytes */21");
    const etag = part.headers.get("etag") ?? "";
    const known = await world.dav("GET", "/dav/ocm/", file.secret, { headers: { "if-none-match": etag } });
    expect(known).toMatchObject({ status: 304, text: "" });
    expect(known.headers.get("etag")).toBe(etag);
  });

  test("HEAD tells its size without its bytes, also where it is large", async () => {
    world.application.files.set("large.bin", { size: 3 * limits.httpBodyBytes });
    const large = await world.taken({ title: "large.bin", webdav: `${world.application.url}large.bin` });
    const head = await world.dav("HEAD", "/dav/ocm/", large.secret);
    expect(head).toMatchObject({ status: 200, text: "" });
    expect(head.headers.get("content-length")).toBe(String(3 * limits.httpBodyBytes));
  });
});

describe("what the application says of Usher is not said to the peer", () => {
  test.each([
    [401, 502],
    [403, 502],
    [404, 404],
    [302, 502],
    [500, 502],
    [503, 503],
    [429, 503],
    [418, 502],
  ])("%d is told as %d, without its words", async (status, told) => {
    world.application.behave({
      status,
      headers: { location: "https://inner.example/login" },
      body: "Inner words",
    });
    for (const method of ["GET", "PROPFIND"]) {
      const answer = await world.dav(method, "/dav/ocm/", folder.secret, depth("0"));
      expect(answer).toMatchObject({ status: told, text: "" });
      expect(answer.headers.has("location")).toBe(false);
    }
  });

  test("an application that is away is away for now, and the log says why", async () => {
    const gone = await world.taken({ webdav: "https://nowhere.example/files/", title: "Gone" });
    const answer = await world.dav("GET", "/dav/ocm/", gone.secret);
    expect(answer.status).toBe(503);
    expect(answer.headers.get("retry-after")).toBe("60");
    expect(world.events("share-not-relayed").at(-1)).toMatchObject({ reason: expect.any(String) });
  });
});

describe("without the right to write", () => {
  test.each(["PUT", "MKCOL", "DELETE", "MOVE"])("%s is refused, and nobody is asked", async (method) => {
    const before = world.application.asked.length;
    const headers = { destination: "/dav/ocm/b" };
    const answer = await world.dav(method, "/dav/ocm/sums.csv", folder.secret, { headers });
    expect(answer.status).toBe(403);
    expect(world.application.asked.length).toBe(before);
    const options = await world.dav("OPTIONS", "/dav/ocm/", folder.secret);
    expect(options.headers.get("allow")).toBe("OPTIONS, PROPFIND, GET, HEAD");
  });
});

describe("with the right to write", () => {
  let inbox: Taken;
  beforeAll(async () => {
    world.application.files.set("Inbox/", null);
    inbox = await world.taken({ title: "Inbox", webdav: `${world.application.url}Inbox/`, write: true });
  });

  test("files are put, made, moved and removed within the share", async () => {
    const put = await world.dav("PUT", "/dav/ocm/a%20b.txt", inbox.secret, { body: "new" });
    expect(put.status).toBe(201);
    expect(world.application.files.get("Inbox/a b.txt")).toEqual({ bytes: Buffer.from("new") });
    expect((await world.dav("PUT", "/dav/ocm/empty", inbox.secret)).status).toBe(201);
    expect((await world.dav("MKCOL", `/dav/ocm/${inbox.providerId}/done`, inbox.secret)).status).toBe(201);
    for (const [from, destination] of [
      ["a%20b.txt", `${world.usher.origin}/dav/ocm/${inbox.providerId}/done/c%25.txt`],
      ["done/c%25.txt", "/dav/ocm/d.txt"],
    ] as const) {
      const headers = { destination, overwrite: "F" };
      expect((await world.dav("MOVE", `/dav/ocm/${from}`, inbox.secret, { headers })).status).toBe(201);
    }
    expect(world.application.files.has("Inbox/d.txt")).toBe(true);
    expect((await world.dav("DELETE", "/dav/ocm/d.txt", inbox.secret)).status).toBe(204);
    expect(world.application.files.has("Inbox/d.txt")).toBe(false);
  });

  test.each([
    ["/dav/ocm/../Secret/x", 403],
    ["/dav/ocm/%2e%2e/Secret/x", 403],
    ["/dav/ocm/", 403],
    ["/elsewhere/x", 403],
    ["https://other.example/dav/ocm/x", 502],
    ["nonsense", 400],
  ])("nothing moves to %s", async (destination, status) => {
    world.application.files.set("Inbox/stay.txt", { bytes: Buffer.from("stay") });
    const answer = await world.dav("MOVE", "/dav/ocm/stay.txt", inbox.secret, { headers: { destination } });
    expect(answer.status).toBe(status);
    expect(world.application.files.has("Inbox/stay.txt")).toBe(true);
  });

  test("the shared folder itself stays", async () => {
    for (const [method, status] of [
      ["DELETE", 403],
      ["MOVE", 403],
      ["MKCOL", 403],
      ["PUT", 405],
    ] as const) {
      const headers = { destination: "/dav/ocm/x" };
      for (const path of ["/dav/ocm/", `/dav/ocm/${inbox.providerId}`]) {
        expect((await world.dav(method, path, inbox.secret, { headers })).status).toBe(status);
      }
    }
  });

  test("a part of a file is refused, and does not stand for the whole", async () => {
    world.application.files.set("Inbox/long.txt", { bytes: Buffer.from("all of it") });
    const headers = { "content-range": "bytes 0-2/9" };
    const part = await world.dav("PUT", "/dav/ocm/long.txt", inbox.secret, { headers, body: "ALL" });
    expect(part.status).toBe(400);
    expect(world.application.files.get("Inbox/long.txt")).toEqual({ bytes: Buffer.from("all of it") });
  });

  test("a shared file is written, and never removed", async () => {
    world.application.files.set("note.txt", { bytes: Buffer.from("old") });
    const note = await world.taken({
      title: "note.txt",
      webdav: `${world.application.url}note.txt`,
      write: true,
    });
    expect((await world.dav("PUT", "/dav/ocm/note.txt", note.secret, { body: "new" })).status).toBe(204);
    expect(world.application.files.get("note.txt")).toEqual({ bytes: Buffer.from("new") });
    expect((await world.dav("DELETE", "/dav/ocm/note.txt", note.secret)).status).toBe(403);
  });

  test.each([
    ["of a peer: too large", () => ({ authorization: basic(inbox.secret, "") }), 413],
    ["of a stranger: none of his business", () => ({}), 401],
  ])("a file %s, said before it is read", async (_name, authorization, status) => {
    const { host, site } = world.usher;
    const listen = site.config.server?.listen;
    if (listen === undefined || !("port" in listen)) throw new Error("Usher listens nowhere.");
    const headers = { host, ...authorization(), "content-length": limits.ocmPutBytes + 1 };
    const to = { host: "127.0.0.1", port: listen.port, agent: false as const };
    const sent = request({ ...to, method: "PUT", path: "/dav/ocm/big", headers });
    sent.on("error", () => undefined);
    sent.flushHeaders();
    const [answer]: IncomingMessage[] = await once(sent, "response");
    expect(answer?.statusCode).toBe(status);
    sent.destroy();
  });

  test("a file that is locked at the application stays closed", async () => {
    world.application.behave({ status: 403 });
    expect((await world.dav("PUT", "/dav/ocm/stay.txt", inbox.secret, { body: "x" })).status).toBe(403);
  });
});

test("OPTIONS tells what a share allows", async () => {
  const writable = await world.taken(reports({ write: true }));
  const answer = await world.dav("OPTIONS", "/dav/ocm/", writable.secret);
  expect(answer.headers.get("dav")).toBe("1");
  expect(answer.headers.get("allow")).toContain("PUT, MKCOL, DELETE, MOVE");
});

test("who guesses is sent away for a while, and who knows a secret is not", async () => {
  let answer = await world.dav("PUT", "/dav/ocm/x", "guess");
  for (let tries = 0; answer.status === 401 && tries <= limits.wrongSecrets; tries += 1) {
    answer = await world.dav("PROPFIND", "/dav/ocm/", `guess-${tries}`, depth("0"));
  }
  expect(answer.status).toBe(429);
  expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  expect((await world.dav("GET", "/dav/ocm/", file.secret)).status).toBe(200);
});
