import { readFileSync } from "node:fs";
import { basename } from "node:path";
import type { Selectable } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { NotificationTable } from "../../src/store/schema.ts";
import { filesBelow, sharedFolder } from "../world/shared-files.ts";
import { addressOf } from "../world/world.ts";
import { deliverAndFind, openScene, outcomesOf, type Scene, until } from "./scene.ts";

const expectedSchema = z.object({
  verdict: z.string(),
  notification: z
    .object({
      protocol: z.string(),
      variant: z.string(),
      origin: z.string().nullable(),
      link: z.string().nullable(),
      shareId: z.string().nullable(),
      recipientKind: z.string().optional(),
      title: z.string().optional(),
    })
    .nullable(),
  authentication: z.object({ trusted: z.boolean(), linkAligned: z.boolean() }).optional(),
});

interface Sample {
  readonly name: string;
  readonly mail: string;
  readonly messageId: string;
  readonly expected: z.infer<typeof expectedSchema>;
}

const folder = sharedFolder("samples/mail");
const all = folder === undefined ? [] : filesBelow(folder, (name) => name.endsWith(".eml")).map(sampleIn);
// These would be followed, at servers that nobody here has.
const elsewhere = ["ox", "public-link", "ocm-invite"];
const samples = all.filter(({ expected }) => !elsewhere.includes(expected.notification?.protocol ?? ""));
const foreign = samples.filter(({ expected }) => expected.notification !== null);
const nothing = samples.filter(({ expected }) => expected.notification === null);

function sampleIn(file: string): Sample {
  const mail = readFileSync(file, "utf8");
  const json: unknown = JSON.parse(readFileSync(file.replace(/\.eml$/, ".json"), "utf8"));
  const [, messageId = ""] = /^Message-ID:\s*(<[^>]+>)/im.exec(mail) ?? [];
  return {
    name: basename(file, ".eml"),
    mail,
    messageId,
    expected: expectedSchema.parse(json),
  };
}

let scene: Scene;
beforeAll(async () => {
  // Whatever can be accepted, is.
  const policy = [{ when: {}, then: "accept" }];
  scene = await openScene({ config: { policy, dkim: { verify: false } } });
  await scene.start();
  for (const { mail } of samples) await scene.world.deliver("bob", mail);
  const { mail } = scene.world.share(addressOf("bob"), { title: "Behind them", isAuthenticated: true });
  await deliverAndFind(scene, mail, "Behind them", "followed");
  await until(
    "no mail waits to be read",
    async () => {
      const jobs = scene.store.db.selectFrom("job").select("id").where("kind", "=", "read-message");
      return (await jobs.execute()).length === 0;
    },
    () => scene.daemon.text().slice(-2000),
  );
});
afterAll(async () => scene[Symbol.asyncDispose]());

/** What became of one sample: the notification that its mail led to. */
async function notificationOf(sample: Sample): Promise<Selectable<NotificationTable> | undefined> {
  return scene.store.db
    .selectFrom("notification")
    .innerJoin("message", "message.notification_id", "notification.id")
    .selectAll("notification")
    .where("message.message_key", "=", sample.messageId)
    .executeTakeFirst();
}

async function notificationFrom(sample: Sample): Promise<Selectable<NotificationTable>> {
  const row = await notificationOf(sample);
  if (row === undefined) throw new Error(`${sample.name} led to no notification: ${scene.daemon.text()}`);
  return row;
}

/** Cozys are answered in the account's own name, and this one has no host; federated shares at its home, which nobody told. */
function lackOf({ protocol }: Selectable<NotificationTable>): string {
  return protocol.startsWith("cozy") ? "no-instance-host" : "federated-share-needs-home";
}

describe.skipIf(samples.length === 0)("delivered to a mailbox, the sample", () => {
  test.each(foreign)("$name is held as what it is", async (sample) => {
    const { notification, authentication } = sample.expected;
    const row = await notificationFrom(sample);
    expect(row).toMatchObject({
      state: "held",
      protocol: notification?.protocol,
      variant: notification?.variant,
      origin: notification?.origin ?? "",
      recipient_kind: notification?.recipientKind ?? row.recipient_kind,
      title: notification?.title ?? row.title,
    });
    const isBelieved = authentication?.trusted === true && authentication.linkAligned;
    expect(row.reason).toBe(isBelieved ? lackOf(row) : "not-believed");
  });

  test.each(foreign)("$name is not accepted, and the account reads why and what to do", async (sample) => {
    const { id, updated_at: updatedAt } = await notificationFrom(sample);
    const run = await scene.usher("notification", "accept", id, "--wait");
    expect(run.code).toBe(1);
    expect(run.err).toMatch(
      /nothing was changed about n\S+: .* (connect it with .usher account home add|has no instance host, .* usher account instance NAME HOST)/,
    );
    const after = await notificationFrom(sample);
    expect([after.state, after.updated_at]).toEqual(["held", updatedAt]);
    expect(await outcomesOf(scene, id)).toEqual([]);
  });

  test.each(foreign)("$name shows no secret to whoever looks", async (sample) => {
    const { id } = await notificationFrom(sample);
    const { shareId, link } = sample.expected.notification ?? {};
    for (const command of ["show", "explain"]) {
      for (const json of [[], ["--json"]]) {
        const { out } = await scene.usher("notification", command, id, ...json);
        if (typeof shareId === "string")
          expect(out.includes(shareId), `${command} tells the share id`).toBe(false);
        if (typeof link === "string") expect(out.includes(link), `${command} tells the link`).toBe(false);
      }
    }
    if (typeof shareId === "string") expect(scene.daemon.text().includes(shareId)).toBe(false);
  });

  test.each(nothing)("$name leads to nothing", async (sample) => {
    expect(await notificationOf(sample)).toBeUndefined();
  });
});

describe.skipIf(samples.length === 0)("all samples together", () => {
  test("leave one notification per share, and nobody was asked but the origin of the one real share", async () => {
    const rows = await scene.store.db.selectFrom("notification").selectAll().execute();
    expect(rows).toHaveLength(foreign.length + 1);
    const calls = scene.store.db
      .selectFrom("record")
      .innerJoin("notification", "notification.id", "record.notification_id")
      .select("notification.title")
      .where("record.kind", "=", "call");
    expect(new Set((await calls.execute()).map(({ title }) => title))).toEqual(new Set(["Behind them"]));
    expect(scene.daemon.log.filter(({ level }) => level === "error")).toEqual([]);
  });
});
