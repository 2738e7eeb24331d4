import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { OutboundClient, OutboundRequest } from "../../../src/http/outbound.ts";
import { createV3Way } from "../../../src/instances/v3/recipient.ts";
import type { FollowReply } from "../../../src/protocols/protocol.ts";
import type { Certificates } from "../../world/tls.ts";
import {
  asking,
  bobUrl,
  openCertificates,
  openRecipientWorld,
  type RecipientWorld,
  shareOf,
} from "./recipient-world.ts";

let certificates: (Certificates & AsyncDisposable) | undefined;
let world: RecipientWorld;
beforeAll(async () => {
  certificates = await openCertificates();
});
afterAll(async () => certificates?.[Symbol.asyncDispose]());
beforeEach(async () => {
  if (certificates === undefined) throw new Error("The certificates are not made yet.");
  world = await openRecipientWorld(certificates);
});
afterEach(async () => world[Symbol.asyncDispose]());

const id = "ce8835a061d0ef68947afe69a0046722";
const state = "eiJ3iepoaihohz1YQ9kLmA";
const [alice, mallory] = ["https://alice.cozy.example", "https://mallory.cozy.example"];
const invitation = shareOf(alice, `${alice}/sharings/${id}/discovery?state=${state}`);
const rule = { doctype: "io.cozy.files", values: ["aae62886e79611ef8381fb83ff72e425"] };

/** A request to share that names this owner. */
async function put(owner: string, more: object = {}, query = ""): Promise<number> {
  const members = [{ status: "owner", instance: owner }, { instance: bobUrl }];
  const data = { type: "io.cozy.sharings", attributes: { rules: [rule], members, ...more } };
  return (await world.ask("PUT", `/sharings/${id}${query}`, { body: { data } })).status;
}

/** Follows while these requests arrive during discovery; gives the end and the addresses that were asked. */
async function followWhile(
  arrive: () => Promise<unknown>,
  told: { readonly redirect?: string; readonly email?: string } = {},
  share = invitation,
): Promise<{ readonly reply: FollowReply; readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const redirect = `${bobUrl}/auth/authorize/sharing?sharing_id=${id}&state=${state}`;
  const http: OutboundClient = {
    request: async ({ url }: OutboundRequest) => {
      asked.push(url);
      if (url.endsWith("/discovery")) await arrive();
      const body = url.endsWith("/discovery") ? { redirect, email: "", ...told } : {};
      return { status: 200, headers: {}, text: JSON.stringify(body), url };
    },
    download: async () => Promise.reject(new Error("Nothing is downloaded.")),
  };
  const way = createV3Way({ ...world.parts, http });
  return { reply: await way.follow(share, world.bob, asking().ask), asked };
}

const offer = (secret: string) => ({ drive: true, credentials: [{ drive_token: secret, state: secret }] });
const answerAt = (host: string) => `${host}/sharings/${id}/answer`;

test("an answer goes to the Cozy of the link, which is the owner", async () => {
  const { asked } = await followWhile(async () => put(alice));
  expect(asked).toContain(answerAt(alice));
});

test("it goes to another owner only where the sharing lets members invite", async () => {
  const closed = await followWhile(async () => put(mallory));
  expect([closed.reply, closed.asked]).toMatchObject([
    { kind: "no", because: "owner-elsewhere" },
    { length: 1 },
  ]);
  const open = await followWhile(async () => put(mallory, { open_sharing: true }));
  expect(open.asked).toContain(answerAt(mallory));
});

test("it goes nowhere while requests contradict each other", async () => {
  const { reply, asked } = await followWhile(async () => {
    await put(alice);
    await put(mallory, { open_sharing: true });
  });
  expect([reply, asked]).toMatchObject([
    { kind: "try-later", because: "requests-contradict" },
    { length: 1 },
  ]);
});

test("a request that came before does not stand for the one that discovery brings", async () => {
  await put(alice);
  const { reply, asked } = await followWhile(async () => undefined);
  expect([reply, asked]).toMatchObject([
    { kind: "try-later", because: "request-not-received" },
    { length: 1 },
  ]);
});

test.each([
  ["another host", `https://evil.example/auth/authorize/sharing?sharing_id=${id}&state=${state}`],
  ["another sharing", `${bobUrl}/auth/authorize/sharing?sharing_id=${id.replace("c", "d")}&state=${state}`],
  ["another page", `${bobUrl}/auth/login?sharing_id=${id}&state=${state}`],
  ["no state", `${bobUrl}/auth/authorize/sharing?sharing_id=${id}`],
])("a redirect to %s is not answered", async (_, redirect) => {
  const { reply, asked } = await followWhile(async () => put(alice), { redirect });
  expect([reply, asked]).toMatchObject([{ kind: "no", because: "redirect-elsewhere" }, { length: 1 }]);
});

test("an invitation for another address is not answered", async () => {
  const { reply, asked } = await followWhile(async () => put(alice), { email: "dora@mail.example" });
  expect([reply, asked]).toMatchObject([{ kind: "no", state: "FORBIDDEN" }, { length: 1 }]);
});

test("the offer of a drive is answered with the state that it came with, not with one that replaced it", async () => {
  await put(alice, offer(state), "?shortcut=true");
  const share = shareOf(alice, world.announced[0]?.link ?? "", "shortcut");
  await put(alice, offer("Xq7Rb2LmPz9KaihohzYQ9k"), "?shortcut=true");
  const { reply, asked } = await followWhile(async () => undefined, {}, share);
  expect([reply, asked]).toMatchObject([{ kind: "no", because: "invitation-unknown" }, { length: 0 }]);
  await put(alice, offer(state), "?shortcut=true");
  expect((await followWhile(async () => undefined, {}, share)).asked).toEqual([answerAt(alice)]);
});

test("while an answer is under way, no request changes what it answers", async () => {
  await followWhile(async () => put(alice));
  expect(await put(mallory, { open_sharing: true })).toBe(409);
});
