import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type InviteWorld, openInviteWorld } from "./world.ts";

let world: InviteWorld;

beforeAll(async () => {
  world = await openInviteWorld();
});

afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

describe("an invitation that was mailed", () => {
  test("plans one mail with link, code and invite string, and shows secrets to nobody who did not ask", async () => {
    const quiet = await world.usher.json<{ sharingId: string | null }>(
      "sharing",
      "invite",
      "dora",
      "carl@mail.example",
      "--name",
      "Carl",
    );
    expect(JSON.stringify(quiet)).not.toMatch(/token|@usher\.example/);
    const { db } = world.usher.site.store;
    const jobs = await db.selectFrom("job").select("subject").where("kind", "=", "send-invitation").execute();
    const mails = await db.selectFrom("invitation").selectAll().where("template", "=", "invite").execute();
    const ids = new Set(jobs.map(({ subject }) => subject));
    expect(mails.filter(({ id }) => ids.has(id)).length).toBeGreaterThan(0);
    const shown = await world.usher.usher("sharing", "show", quiet.sharingId ?? "");
    expect(shown).toContain("Files and folders");
    expect(shown).toMatch(/carl@mail\.example +pending/);
  });

  test("is answered in one transaction: token, contact, recipient and story", async () => {
    const { token, id, sharingId } = await world.invite("erna@mail.example");
    const { db } = world.usher.site.store;
    const fields = world.acceptance(token, { userID: "erna" });
    // The process dies on its way: nothing of it counts.
    await sql`create trigger stumble before update on recipient begin select raise(abort, 'stumbled'); end`.execute(
      db,
    );
    expect((await world.accept(fields)).status).toBe(500);
    expect(await world.stateOf(id)).toBe("open");
    expect((await world.contactsAt(world.stranger.host)).some(({ user_id }) => user_id === "erna")).toBe(
      false,
    );
    await sql`drop trigger stumble`.execute(db);
    expect((await world.accept(fields)).status).toBe(200);
    expect((await world.accept(fields)).status).toBe(200);
    const shown = await world.usher.json<{
      recipients: readonly { state: string; timeline: readonly object[] }[];
    }>("sharing", "show", sharingId ?? "");
    expect(shown.recipients).toMatchObject([{ state: "accepted" }]);
    const whats = shown.recipients[0]?.timeline.flatMap(
      (line) => JSON.stringify(line).match(/"what":"[^"]*"/) ?? [],
    );
    expect(whats?.filter((what) => what === '"what":"accepted"')).toHaveLength(1);
    expect(JSON.stringify(shown)).not.toContain(token);
  });

  test("ends with its sharing, and with its time", async () => {
    const revoked = await world.invite("fritz@mail.example");
    await world.usher.usher("sharing", "revoke", revoked.sharingId ?? "");
    expect(await world.stateOf(revoked.id)).toBe("withdrawn");
    expect((await world.accept(world.acceptance(revoked.token))).status).toBe(400);
    const late = await world.invite("gerd@mail.example");
    await world.expire(late.id);
    await sweep();
    const { recipients } = await world.usher.json<{ recipients: readonly object[] }>(
      "sharing",
      "show",
      late.sharingId ?? "",
    );
    expect(recipients).toMatchObject([{ state: "revoked", reason: "expired" }]);
    expect(await world.stateOf(late.id)).toBe("expired");
  });

  test("is refused where it cannot be what was asked for", async () => {
    const nobody = await world.usher.tryUsher("sharing", "invite", "dora");
    expect([nobody.code, nobody.err]).toEqual([2, expect.stringContaining("--print")]);
    const bad = await world.usher.tryUsher("sharing", "invite", "dora", "not an address");
    expect([bad.code, bad.err]).toEqual([1, expect.stringContaining("not a mail address")]);
    const two = await world.usher.tryUsher(
      "sharing",
      "invite",
      "dora",
      "a@mail.example",
      "b@mail.example",
      "--name",
      "A",
    );
    expect([two.code, two.err]).toEqual([1, expect.stringContaining("A name is of one person")]);
    const { sharingId } = await world.invite("hans@mail.example");
    const more = await world.usher.tryUsher("sharing", "add", sharingId ?? "", "--to", "ilse@mail.example");
    expect([more.code, more.err]).toEqual([1, expect.stringContaining("usher sharing invite")]);
  });
});

async function sweep(): Promise<void> {
  await world.usher.site.store.transaction(async (db) =>
    world.usher.site.queue.enqueue(db, {
      kind: "sweep-federation",
      subject: "site",
      lane: "check",
      uniqueKey: "sweep",
    }),
  );
  await world.usher.work("sweep-federation");
}

describe("contacts", () => {
  test("are listed with their address at their own cloud, and removed by it", async () => {
    const { token } = await world.invite();
    await world.accept(world.acceptance(token, { userID: "karla", name: "Karla K." }));
    const listed = await world.usher.usher("contact", "list", "dora");
    expect(listed).toMatch(new RegExp(`Karla K\\..*karla@${world.stranger.host}`));
    await world.usher.usher("contact", "remove", "dora", `karla@${world.stranger.host}`);
    expect(await world.usher.usher("contact", "list", "dora")).not.toContain("karla@");
    const gone = await world.usher.tryUsher("contact", "remove", "dora", `karla@${world.stranger.host}`);
    expect(gone.code).not.toBe(0);
  });
});
