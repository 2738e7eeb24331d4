import { once } from "node:events";
import { createServer } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Whereabouts } from "./peers.ts";
import { openPair, openStage, shareWithBob, type Stage } from "./stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(async () => stage[Symbol.asyncDispose]());

test("an answer that is lost has its effect: the recipient fails, the sharer replicated", async () => {
  await using pair = await openPair(stage);
  const { alice, bob, rule } = pair;
  const { pending } = await shareWithBob(pair);
  alice.misbehave({ kind: "lost-answer" }, "answer", 1);
  expect((await bob.owner.accept(pending)).status).toBe(500);
  expect(alice.sharings()).toMatchObject([{ targets: [{ state: "accepted" }] }]);
  expect(bob.document(String(rule.id))).not.toBeNull();
});

test.each([
  ["nonsense", { kind: "nonsense" } as const],
  ["a truncated answer", { kind: "cut", afterBytes: 5 } as const],
  ["an internal error", { kind: "status", status: 500, retryAfter: null } as const],
])("%s of a recipient is a failure that the sharer keeps", async (_, fault) => {
  await using pair = await openPair(stage);
  const { alice, bob, rule } = pair;
  bob.misbehave(fault, "request", 1);
  const targets = [{ recipientUrl: bob.origin }];
  expect((await alice.owner.share({ desc: "Tickets", rules: [rule], targets })).status).toBe(500);
  expect(alice.sharings()).toMatchObject([{ targets: [{ state: "asked", error: expect.any(String) }] }]);
});

test("a slow recipient is waited for", async () => {
  await using pair = await openPair(stage);
  pair.bob.misbehave({ kind: "slow", ms: 30 });
  const { pending } = await shareWithBob(pair);
  expect((await pair.bob.owner.accept(pending)).status).toBe(200);
});

test("a Cozy that went down comes back at the same port, and remembers", async () => {
  await using pair = await openPair(stage);
  const { alice, bob } = pair;
  const { pending } = await shareWithBob(pair);
  await alice.goDown();
  expect(await bob.owner.accept(pending)).toMatchObject({ status: 500 });
  await alice.comeUp();
  expect((await bob.owner.accept(pending)).status).toBe(200);
  expect(alice.sharings()).toMatchObject([{ targets: [{ state: "accepted" }] }]);
});

test("neither journal nor refusals hold a secret", async () => {
  await using pair = await openPair(stage);
  const { alice, bob } = pair;
  const { shareID, pending } = await shareWithBob(pair, true);
  await bob.owner.accept(pending);
  await alice.settled();
  await bob.owner.leave(pending);
  await alice.owner.revoke(shareID);
  const told = JSON.stringify([alice, bob].map((cozy) => [cozy.requests(), cozy.refusals()]));
  for (const secret of [...alice.secrets(), ...bob.secrets()]) expect(told).not.toContain(secret);
});

test("a recipient behind a proxy that ended TLS is asked in plain HTTP, by its public name", async () => {
  const hosts: string[] = [];
  const recipient = createServer((request, response) => {
    hosts.push(request.headers.host ?? "");
    response.writeHead(200, { "Content-Type": "application/json" }).end('{"success":true}');
  });
  recipient.listen(0, "127.0.0.1");
  await once(recipient, "listening");
  const address = recipient.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const resolve = (): Whereabouts => ({ port, ca: null });
  await using alice = await stage.start("alice", { resolve });
  const id = alice.owner.keep({ docType: "event" });
  const targets = [{ recipientUrl: "https://dave.share.example" }];
  const { status } = await alice.owner.share({ desc: "Tickets", rules: [{ id, docType: "event" }], targets });
  recipient.close();
  expect([status, hosts]).toEqual([200, ["dave.share.example"]]);
});
