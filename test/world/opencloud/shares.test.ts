import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Resource } from "../ocm/tree.ts";
import { openTwoClouds, shareBody, type TwoClouds } from "./world.ts";

let clouds: TwoClouds;
beforeAll(async () => {
  clouds = await openTwoClouds();
});
afterAll(async () => clouds[Symbol.asyncDispose]());

const folder = { name: "Minutes", files: { "may.md": "# May", "old/a&b #1.md": "x" } };

async function post(body: object) {
  return clouds.ask("POST", `${clouds.dora.origin}/ocm/shares`, { body });
}

describe("OpenCloud of February 2025", () => {
  test("is found by /.well-known/ocm alone", async () => {
    const { ask, ada } = clouds;
    const { status, text } = await ask("GET", `${ada.origin}/.well-known/ocm`);
    expect([status, JSON.parse(text)]).toMatchObject([
      200,
      {
        apiVersion: "1.1.0",
        endPoint: `${ada.origin}/ocm`,
        resourceTypes: [{ name: "file" }, { name: "folder" }],
      },
    ]);
    for (const path of ["/ocm-provider", "/ocm-provider/"]) {
      expect((await ask("GET", ada.origin + path)).status).toBe(404);
    }
    expect((await ask("GET", `${ada.origin}/status.php`)).text).toBe('{"productname":"OpenCloud"}');
    expect(ada.refusals()).toEqual([]);
  });

  test("sends a share unsigned, with a url and a secret of 32 characters, and answers 200 {}", async () => {
    const { ada, dora, dorasUser } = clouds;
    const shareWith = `${dorasUser.userId}@${dora.host}`;
    const { share, status, text } = await ada.share({ owner: "ada", shareWith, resource: folder });
    expect([status, text]).toEqual([200, "{}"]);
    const sent = dora.received("shares").at(-1);
    expect(sent?.headers.get("user-agent")).toBe("Go-http-client/1.1");
    expect([...(sent?.headers.keys() ?? [])].join(" ")).not.toMatch(/sign|digest/);
    const owner = ada.addressOf("ada");
    expect(Buffer.from(owner.replace(/@[^@]*$/, ""), "base64").toString()).toMatch(
      /^[0-9a-f-]{36}@https:\/\//,
    );
    expect(JSON.parse(sent?.body ?? "")).toEqual({
      shareWith,
      name: "Minutes",
      resourceType: "folder",
      providerId: share.id,
      owner,
      sender: owner,
      ownerDisplayName: "Ada Example",
      senderDisplayName: "Ada Example",
      shareType: "user",
      protocol: {
        name: "multi",
        options: {},
        webdav: {
          sharedSecret: expect.stringMatching(/^.{32}$/),
          permissions: ["read"],
          url: `${ada.origin}/dav/ocm/${share.id}`,
        },
      },
    });
  });

  test("refuses options, a share without sender, and hosts that are not in the providers file", async () => {
    const good = shareBody(clouds);
    expect((await post(good)).status).toBe(200);
    const options = { sharedSecret: "x", permissions: "read" };
    const legacy = await post({ ...good, protocol: { ...good.protocol, options } });
    expect([legacy.status, JSON.parse(legacy.text)]).toEqual([
      400,
      { code: "INVALID_PARAMETER", message: "protocol options not supported" },
    ]);
    expect((await post({ ...good, sender: undefined })).status).toBe(400);
    for (const name of ["owner", "sender"]) {
      expect((await post({ ...good, [name]: "eve@elsewhere.example" })).status).toBe(401);
    }
    expect(clouds.dora.refusals()).toEqual([]);
  });

  test("cannot use a share that has uri alone; newer ones can", async () => {
    const good = shareBody(clouds);
    const { url: _, ...webdav } = good.protocol.webdav;
    const uriAlone = { ...good, protocol: { ...good.protocol, webdav } };
    expect((await post(uriAlone)).status).toBe(400);
    expect(clouds.dora.refusals()).toHaveLength(1);
    await using newer = await openTwoClouds({ readsWebdav: "uri" });
    const there = shareBody(newer);
    const body = { ...uriAlone, shareWith: there.shareWith, owner: there.owner, sender: there.sender };
    const answer = await newer.ask("POST", `${newer.dora.origin}/ocm/shares`, { body });
    expect([answer.status, newer.dora.shares()]).toMatchObject([200, [{ webdav: "7f2c" }]]);
  });

  test("logs every notification, and tells nobody that it takes a share back", async () => {
    const { ask, ada, dora, dorasUser } = clouds;
    const body = { notificationType: "SHARE_UNSHARED", providerId: "7f2c" };
    expect((await ask("POST", `${dora.origin}/ocm/notifications`, { body })).status).toBe(201);
    expect(dora.notifications()).toEqual([body]);
    const shareWith = `${dorasUser.userId}@${dora.host}`;
    const { share } = await ada.share({ owner: "ada", shareWith, resource: folder });
    expect(await ada.unshare(share)).toBeNull();
    expect(dora.received("notifications")).toHaveLength(1);
  });
});

/** A share to Dora, and requests to it. */
async function shared(resource: Resource) {
  const { ada, dora, dorasUser } = clouds;
  const shareWith = `${dorasUser.userId}@${dora.host}`;
  const { share } = await ada.share({ owner: "ada", shareWith, resource });
  const url = `${ada.origin}/dav/ocm/${share.id}`;
  const read = async (method: string, path = "", authorization = `Bearer ${share.secret}`) =>
    clouds.ask(method, url + path, { headers: { Authorization: authorization, Depth: "1" } });
  return { share, read };
}

describe("what is shared", () => {
  test("is opened by Bearer with the secret, until it is taken back", async () => {
    const { share, read } = await shared(folder);
    expect(await read("PROPFIND")).toMatchObject({ status: 207, text: expect.stringContaining("may.md") });
    expect((await read("GET", "/old/a%26b%20%231.md")).text).toBe("x");
    expect((await read("PROPFIND", "", "Bearer wrong")).status).toBe(401);
    const known = clouds.ada.refusals().length;
    expect((await read("PROPFIND", "", `Basic ${btoa(`${share.secret}:`)}`)).status).toBe(401);
    expect(clouds.ada.refusals()).toHaveLength(known + 1);
    await clouds.ada.unshare(share);
    expect((await read("PROPFIND")).status).toBe(401);
  });

  test("as a single file is there at the root and below its name", async () => {
    const { read } = await shared({ name: "an nual.pdf", file: "PDF" });
    expect((await read("GET")).text).toBe("PDF");
    expect((await read("GET", "/an%20nual.pdf")).text).toBe("PDF");
    expect((await read("PROPFIND", "/an%20nual.pdf")).text).toMatch(
      /<d:href>[^<]*\/an%20nual\.pdf<\/d:href>/,
    );
    expect((await read("GET", "/other.pdf")).status).toBe(404);
  });

  test("is looked for by PROPFIND allprop, with the name appended to a single file", async () => {
    const { ada, dora } = clouds;
    const { share } = await shared({ name: "an nual.pdf", file: "PDF" });
    const received = dora.shares().at(-1);
    expect(await dora.use(received?.id ?? "")).toMatchObject({ status: 207 });
    expect(ada.received("webdav").at(-1)).toMatchObject({
      method: "PROPFIND",
      path: `/dav/ocm/${share.id}/an%20nual.pdf`,
      body: expect.stringContaining("allprop"),
    });
  });
});
