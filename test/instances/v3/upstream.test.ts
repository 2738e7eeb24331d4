import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { filesType } from "../../../src/domain/cozy-document.ts";
import { type InstanceWorld, openInstanceWorld, type Reply } from "../world.ts";

// Creating and changing sharings: web/sharings/sharings_test.go of today's cozy-stack, and the errors of wrapErrors.

const folder = "5ac1db62e49b4f4aa0d4c3d9f12e7a30";
const rule = { title: "Holiday", doctype: filesType, values: [folder], add: "sync", update: "sync" };

let world: InstanceWorld;
let app: string;
/** Of an application that may do everything with all files. */
let whole: string;
beforeAll(async () => {
  world = await openInstanceWorld();
  app = await world.token(`${filesType}:ALL:${folder} io.cozy.contacts:ALL`);
  whole = await world.token(`${filesType}:ALL`);
});
afterAll(async () => world[Symbol.asyncDispose]());

async function create(
  rules: readonly object[],
  recipients: readonly object[] = [],
  token = app,
): Promise<Reply> {
  const relationships = { recipients: { data: recipients } };
  const data = { type: "io.cozy.sharings", attributes: { description: "Holiday", rules }, relationships };
  return world.ask("POST", "/sharings/", { token, body: { data } });
}

describe("POST /sharings/", () => {
  test("403 when a rule exceeds the app", async () => {
    expect((await create([{ ...rule, values: ["another-folder"] }])).status).toBe(403);
    expect((await create([rule, { ...rule, doctype: "io.cozy.bills" }])).status).toBe(403);
  });

  test.each([
    ["no rules", []],
    ["no values", [{ ...rule, values: [] }]],
    ["two files in one rule", [{ ...rule, values: [folder, "another-folder"] }]],
    ["a direction that is none", [{ ...rule, add: "pull" }]],
    ["an unknown selector", [{ ...rule, selector: "size" }]],
    ["a reference without its type", [{ ...rule, selector: "referenced_by", values: ["album"] }]],
    ["the topmost folder", [{ ...rule, values: ["io.cozy.files.root-dir"] }]],
    ["the trash", [{ ...rule, values: ["io.cozy.files.trash-dir"] }]],
    ["the folder of what others share", [{ ...rule, values: ["io.cozy.files.shared-with-me-dir"] }]],
  ])("400 for %s (ErrNoRules, ErrInvalidRule)", async (_, rules) => {
    const { status, text } = await create(rules, [], whole);
    expect([status, text.includes("rules")]).toEqual([400, true]);
  });

  test("400 or 422 for more members than a sharing has, and nothing is made (ErrTooManyMembers)", async () => {
    const many = Array.from({ length: 91 }, (_, at) => ({ email: `member${at}@example.net` }));
    const { status, text } = await create([rule], many);
    expect([400, 422]).toContain(status);
    expect(text).toContain("recipients");
    expect(await world.site.store.db.selectFrom("cozy_sharing").select("id").execute()).toEqual([]);
  });

  test("names the recipient without a mail address (ErrNoMailAddress)", async () => {
    const made = await create([rule], [{ email: "no-address" }]);
    expect([made.status, made.textAt("errors.0.source.pointer")]).toEqual([
      422,
      "/data/relationships/recipients/data/0/email",
    ]);
  });
});

describe("members", () => {
  test("revoke one by his index, who is invited again with new credentials: his first link is worth nothing", async () => {
    const made = await create([rule], [{ email: "dora@example.net" }]);
    const path = `/sharings/${made.textAt("data.id")}`;
    const first = await secretsOf(made.textAt("data.id"));
    expect((await world.ask("DELETE", `${path}/recipients/1`, { token: app })).status).toBe(204);
    const shown = await world.ask("GET", path, { token: app });
    expect(shown.at("data.attributes.members.1.status")).toBe("revoked");
    expect(await secretsOf(made.textAt("data.id"))).not.toEqual(first);
    expect((await world.ask("DELETE", `${path}/recipients/0`, { token: app })).status).toBe(404);
  });

  test("GET shows members and rules, and no credentials, state or key", async () => {
    const made = await create([rule], [{ email: "emil@example.net" }]);
    const shown = await world.ask("GET", `/sharings/${made.textAt("data.id")}`, { token: app });
    expect(shown.at("data.attributes.members.1.email")).toBe("emil@example.net");
    for (const word of ["credentials", "state", "xor_key", "access_token", "client"]) {
      expect(shown.text).not.toContain(`"${word}"`);
    }
  });
});

async function secretsOf(documentId: string) {
  return world.site.store.db
    .selectFrom("cozy_member")
    .innerJoin("cozy_sharing", "cozy_sharing.id", "cozy_member.cozy_sharing_id")
    .where("cozy_sharing.document_id", "=", documentId)
    .select(["cozy_member.secret_hash", "cozy_member.secret_sealed"])
    .execute();
}
