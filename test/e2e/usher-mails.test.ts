import { afterAll, beforeAll, expect, test } from "vitest";
import { Secret } from "../../src/config/secret.ts";
import type { InvitationTemplate } from "../../src/domain/invitation.ts";
import { composeMail } from "../../src/mail/compose.ts";
import { createDkimSigner } from "../../src/mail/dkim-signer.ts";
import { makeKey } from "../world/signed-mail.ts";
import { addressOf, authservId } from "../world/world.ts";
import {
  notificationIn,
  notificationsTitled,
  openScene,
  type Scene,
  subscriptionOf,
  until,
} from "./scene.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
  await scene.start();
});
afterAll(async () => scene[Symbol.asyncDispose]());

const key = new Secret(makeKey().privateKey);
const sign = createDkimSigner(() => ({ domain: "origin.example", selector: "s1", key }));
let mails = 0;

interface UsherMail {
  readonly type: InvitationTemplate;
  readonly title: string;
  readonly link: string;
  readonly isAuthenticated?: boolean;
}

/** Delivers a mail as another Usher writes it; the link stands in its header fields alone. Gives its Message-ID. */
async function deliver({ type, title, link, isAuthenticated = true }: UsherMail): Promise<string> {
  mails += 1;
  const messageId = `<i${mails}.invitation@origin.example>`;
  const raw = await composeMail({
    from: { name: "Alice via Origin", address: "share@origin.example" },
    replyTo: { name: "Alice Sender", address: "alice@origin.example" },
    to: { name: "", address: addressOf("bob") },
    subject: "A mail of another Usher",
    messageId,
    inReplyTo: null,
    notice: null,
    share: { type, sharingId: "h1", link, title, expiresAtMs: null },
    date: Date.now(),
    html: "<p>See the header.</p>",
    text: "See the header.",
  });
  const results = `Authentication-Results: ${authservId}; dkim=pass header.d=origin.example; dmarc=pass header.from=origin.example\r\n`;
  const mail = isAuthenticated ? results + sign(raw, Date.now()).toString() : raw.toString();
  await scene.world.deliver("bob", mail);
  return messageId;
}

async function isRead(messageId: string): Promise<{ readonly verdict: string | null }> {
  const read = async () =>
    scene.store.db
      .selectFrom("message")
      .select(["state", "verdict"])
      .where("message_key", "=", messageId)
      .executeTakeFirst();
  await until(
    `${messageId} is read`,
    async () => (await read())?.state === "read",
    () => scene.daemon.text().slice(-3000),
  );
  return { verdict: (await read())?.verdict ?? null };
}

test("a sharing is followed by the header fields of its invitation, and its revocation is noticed at once", async () => {
  const title = "Rapport d’été";
  const { link, token } = scene.world.share(addressOf("bob"), { title, files: ["quay.odt"] });
  await deliver({ type: "invitation", title, link });
  const { id, protocol, sharer_address: sharer } = await notificationIn(scene, title, "held");
  expect([protocol, sharer]).toEqual(["ox", "alice@origin.example"]);
  await scene.usher("notification", "accept", id, "--wait");
  await notificationIn(scene, title, "followed");

  const reminder = await deliver({ type: "reminder", title, link });
  expect(await isRead(reminder)).toEqual({ verdict: "share-notification" });
  expect(await notificationsTitled(scene, title)).toMatchObject([{ id, state: "followed" }]);

  scene.world.origin.revoke(token);
  const forged = await deliver({ type: "revoked", title, link, isAuthenticated: false });
  expect(await isRead(forged)).toEqual({ verdict: "share-revoked" });
  const checks = scene.store.db.selectFrom("job").select("id").where("kind", "=", "check-subscription");
  expect(await checks.execute()).toEqual([]);
  expect(await subscriptionOf(scene, id)).toMatchObject({ state: "SUBSCRIBED" });

  await deliver({ type: "revoked", title, link });
  await until(
    "the end was noticed",
    async () => (await subscriptionOf(scene, id)).state === "REMOVED",
    () => scene.daemon.text().slice(-3000),
  );
});

test("a revocation that is not true ends nothing", async () => {
  const title = "Still there";
  const { link } = scene.world.share(addressOf("bob"), { title, files: ["quay.odt"] });
  await deliver({ type: "invitation", title, link });
  const { id } = await notificationIn(scene, title, "held");
  await scene.usher("notification", "accept", id, "--wait");
  await notificationIn(scene, title, "followed");
  const checkedAt = async () => (await subscriptionOf(scene, id)).checked_at ?? 0;
  const before = await checkedAt();
  await deliver({ type: "revoked", title, link });
  await until("it was looked at", async () => (await checkedAt()) > before, checkedAt);
  expect(await subscriptionOf(scene, id)).toMatchObject({ state: "SUBSCRIBED" });
});
