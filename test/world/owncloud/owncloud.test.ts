import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startNextcloud } from "../nextcloud/nextcloud.ts";
import { readObject } from "../ocm/json.ts";
import { openStage, type Stage } from "../ocm/stage.ts";
import { basic } from "../ocm/wire.ts";
import { type Owncloud, startOwncloud } from "./owncloud.ts";

let stage: Stage;
let oc: Owncloud;
beforeAll(async () => {
  stage = await openStage(["oc.example", "nc.example"]);
  const users = [{ uid: "eve", displayName: "Eve E.", mail: "eve@mail.example" }];
  oc = await stage.start(startOwncloud, "oc.example", { users });
});
afterAll(async () => stage[Symbol.asyncDispose]());

const json = { "Content-Type": "application/json" };

function offer(change: object = {}, protocol: object = {}): string {
  return JSON.stringify({
    shareWith: `eve@${oc.host}`,
    name: "plan.odt",
    providerId: "7",
    owner: "ada@nc.example",
    sender: "ada@nc.example",
    shareType: "user",
    resourceType: "file",
    protocol: { name: "webdav", options: { sharedSecret: "secret" }, ...protocol },
    ...change,
  });
}

async function post(path: string, body: string) {
  const url = `${oc.origin}/index.php/apps/federatedfilesharing/${path}`;
  return stage.ask({ method: "POST", url, headers: json, body });
}

describe("discovery", () => {
  test("lies at one path, with shareTypes and without keys", async () => {
    const answer = await stage.ask({ method: "GET", url: `${oc.origin}/ocm-provider/` });
    const told = readObject(answer.text);
    expect(told).toMatchObject({
      apiVersion: "1.0-proposal1",
      endPoint: `${oc.origin}/index.php/apps/federatedfilesharing`,
      shareTypes: [{ name: "file", protocols: { webdav: "/public.php/webdav/" } }],
    });
    expect(told).not.toHaveProperty("resourceTypes");
    expect(told).not.toHaveProperty("publicKey");
    expect((await stage.ask({ method: "GET", url: `${oc.origin}/.well-known/ocm` })).status).toBe(404);
    const status = await stage.ask({ method: "GET", url: `${oc.origin}/status.php` });
    expect(readObject(status.text)).toMatchObject({ productname: "ownCloud" });
  });
});

describe("a share that comes in", () => {
  test("is answered 201 with an empty list", async () => {
    const answer = await post("shares", offer());
    expect([answer.status, answer.text]).toEqual([201, "[]"]);
  });

  test.each([
    ["without sender", 400, () => offer({ sender: undefined })],
    ["without a secret in options", 400, () => offer({}, { options: {} })],
    ["for somebody else", 400, () => offer({ shareWith: `nobody@${oc.host}` })],
    ["as multi", 501, () => offer({}, { name: "multi" })],
    ["of a folder", 501, () => offer({ resourceType: "folder" })],
  ])("%s is refused with %i", async (_, status, body) => {
    const before = oc.taken().length;
    expect((await post("shares", body())).status).toBe(status);
    expect(oc.taken()).toHaveLength(before);
  });
});

describe("a public link", () => {
  test("is a secret of WebDAV, with its password; there is no route that shares it on", async () => {
    const link = oc.link({ name: "Photos", files: { "sea.jpg": "blue" }, password: "reef" });
    const read = async (authorization: string) =>
      stage.ask({
        method: "GET",
        url: `${oc.origin}/public.php/webdav/sea.jpg`,
        headers: { Authorization: authorization },
      });
    expect((await read(basic(link.token, "reef"))).text).toBe("blue");
    expect((await read(basic(link.token, ""))).status).toBe(401);
    expect((await read(`Bearer ${link.token}`)).status).toBe(401);
    expect((await post("createFederatedShare", "")).status).toBe(404);
    expect(link.url).toMatch(/\/index\.php\/s\/[A-Za-z0-9]{15}$/);
    const mail = oc.linkMail(link, "bob@recipient.example", { note: "Look!" });
    expect(mail).toContain("=C2=BBPhotos=C2=AB");
    expect(mail.replaceAll("=\r\n", "")).toContain(`View it: ${link.url}`);
  });
});

describe.each(["owncloud", "nextcloud"] as const)("with a Nextcloud 32, shared by the %s", (by) => {
  test("accept, look, leave, and unshare", async () => {
    const users = [{ uid: "ada", mail: "ada@mail.example" }];
    const nc = await stage.start(startNextcloud, "nc.example", { generation: 32, users });
    const [from, to] = by === "owncloud" ? [oc, nc] : [nc, oc];
    const [uid] = by === "owncloud" ? ["ada"] : ["eve"];
    const share = async (name: string) => {
      const made = await from.createShare(to.address(uid), { name, file: "whole" });
      const taken = to.taken().at(-1);
      if (made.kind === "failed" || taken === undefined) throw new Error("The share failed.");
      return { sent: made.share, taken };
    };
    const first = await share("one.txt");
    await to.accept(first.taken);
    expect(first.sent.state).toBe("accepted");
    expect(await to.list(first.taken)).toMatchObject([{ path: "", isFolder: false, sizeBytes: 5 }]);
    expect((await to.read(first.taken)).text).toBe("whole");
    await to.decline(first.taken);
    expect(first.sent.state).toBe("left");
    const second = await share("two.txt");
    await from.unshare(second.sent);
    expect(second.taken.state).toBe("unshared");
    expect([...nc.refusals(), ...oc.refusals()]).toEqual([]);
  });
});

test("users answer at home, where ids are texts", async () => {
  await post("shares", offer({ ownerDisplayName: "Ada" }));
  const pending = await stage.ask({
    method: "GET",
    url: `${oc.origin}/ocs/v2.php/apps/files_sharing/api/v1/remote_shares/pending`,
    headers: {
      Authorization: basic("eve", oc.appPassword("eve")),
      Accept: "application/json",
      "OCS-APIRequest": "true",
    },
  });
  const id = oc.taken().at(-1)?.id;
  expect(readObject(pending.text)).toMatchObject({
    ocs: { data: expect.arrayContaining([expect.objectContaining({ id: `${id}`, owner: "Ada" })]) },
  });
});
