import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startNextcloud } from "../../world/nextcloud/nextcloud.ts";
import { openPageBrowser, type PageBrowser } from "./page-browser.ts";
import { type InviteWorld, openInviteWorld } from "./world.ts";

let world: InviteWorld;
let browser: PageBrowser;

beforeAll(async () => {
  world = await openInviteWorld();
  browser = await openPageBrowser(world.usher);
});

afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

const token = "0c9a2f0e-1111-4222-8333-444455556666";

async function held(account: string) {
  const all = await world.usher.json<readonly { protocol: string; state: string; origin: string }[]>(
    "notification",
    "list",
    "--account",
    account,
  );
  return all.filter(({ protocol, state }) => protocol === "ocm-invite" && state === "held");
}

describe("the page to which other servers send people", () => {
  const dialog = "/ocm/invite-accept";

  test("brings the invitation to the account of the address, which is mailed a notice; and asks nobody", async () => {
    const options = { generation: 34, users: [{ uid: "ada", mail: "ada@mail.example" }] } as const;
    await using cloud = await world.stage.start(startNextcloud, "cloud.example", options);
    const { token: secret } = cloud.createInvite("ada");
    const target = await cloud.wayf(secret, world.usher.host);
    expect(target).toBe(
      `${world.usher.origin}${dialog}?token=${secret}&providerDomain=${encodeURIComponent(cloud.host)}`,
    );
    const before = cloud.received().length;
    expect(await browser.open(target ?? "")).toContain(cloud.host);
    expect(await held("emil")).toEqual([]);
    await browser.fill("address", "emil@mail.example");
    expect(await browser.send()).toContain("Sehen Sie in Ihr Postfach");
    expect(await held("emil")).toMatchObject([{ origin: cloud.origin }]);
    const notices = await world.usher.site.store.db
      .selectFrom("notice")
      .select(["kind", "state"])
      .where("account_id", "=", await world.usher.accountId("emil"))
      .execute();
    expect(notices).toEqual([{ kind: "held", state: "planned" }]);
    expect(cloud.received()).toHaveLength(before);
  });

  test("tells nobody whether an account has an address", async () => {
    const answers = await Promise.all(
      ["emil@mail.example", "nobo@mail.example"].map(async (address) => {
        const target = `${dialog}?token=${token}&providerDomain=cloud.example`;
        const { text } = await world.usher.ask("GET", target);
        const form = /name="form" value="([^"]+)"/.exec(text)?.[1] ?? "";
        const reply = await world.usher.ask("POST", target, { form: { form, address } });
        return [reply.status, reply.text.replaceAll(address, "ADDRESS")];
      }),
    );
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]?.[0]).toBe(200);
  });

  test("shows a disguised host in both forms", async () => {
    const shown = await browser.open(`${dialog}?token=${token}&providerDomain=https://xn--bcher-kva.example`);
    expect(shown).toContain("xn--bcher-kva.example");
    expect(shown).toContain("bücher.example");
  });

  test("is not there without an invitation", async () => {
    for (const query of ["", `?token=${token}`, `?token=${token}&providerDomain=http://cloud.example`]) {
      expect((await world.usher.ask("GET", dialog + query)).status).toBe(404);
    }
  });

  test("changes nothing by GET, and is bounded for each account and each network", async () => {
    const before = (await held("dora")).length;
    const statuses: number[] = [];
    while (statuses.length < 60 && statuses.at(-1) !== 429) {
      const target = `${dialog}?token=${crypto.randomUUID()}&providerDomain=cloud.example`;
      const { text } = await world.usher.ask("GET", target);
      expect((await held("dora")).length).toBeLessThanOrEqual(before + statuses.length);
      const form = /name="form" value="([^"]+)"/.exec(text)?.[1] ?? "";
      const reply = await world.usher.ask("POST", target, { form: { form, address: "dora@mail.example" } });
      statuses.push(reply.status);
    }
    expect(statuses.at(-1)).toBe(429);
  });
});
