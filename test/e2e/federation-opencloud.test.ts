import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startApplication } from "../world/application/application.ts";
import type { Letter } from "../world/cozy-v1a/stack/letters.ts";
import type { Stage } from "../world/ocm/stage.ts";
import { type OpenCloud, startOpenCloud } from "../world/opencloud/opencloud.ts";
import type { OpenCloudOptions, SentShare } from "../world/opencloud/state.ts";
import { addressOf } from "../world/world.ts";
import {
  codeBy,
  comesTo,
  content,
  done,
  federate,
  fillApplication,
  heldFrom,
  knownTo,
  lookAgain,
  recipientsBecome,
} from "./federation-acts.ts";
import { type FederationScene, openFederation } from "./federation-scene.ts";
import { accept, bodyOf, browsed, gotten, held, subscriptionIn } from "./followed.ts";

type Family = Pick<OpenCloudOptions, "family" | "meshDirectory" | "exchangesTokens">;

const starters = {
  "files.example": async (stage: Stage, hostname: string) => stage.start(startApplication, hostname, {}),
  // The link of its mails leads to a third party.
  "opencloud.example": cloud({ family: "opencloud", meshDirectory: "https://mesh.example/wayf" }),
  "ocis.example": cloud({ family: "ocis" }),
  "cernbox.example": cloud({ family: "reva", exchangesTokens: true }),
} as const;
type Host = Exclude<keyof typeof starters, "files.example">;

/** Its mails go into mailboxes of the scene. */
function cloud(family: Family) {
  return async (stage: Stage, hostname: string): Promise<OpenCloud> =>
    stage.start(startOpenCloud, hostname, {
      ...family,
      send: async ({ to, message }: Letter) => scene.bob.world.dovecot.deliver(to, message),
    });
}

let scene: FederationScene<{
  readonly [Name in keyof typeof starters]: Awaited<ReturnType<(typeof starters)[Name]>>;
}>;

const clouds = ["opencloud.example", "ocis.example", "cernbox.example"] as const satisfies readonly Host[];

beforeAll(async () => {
  scene = await openFederation(starters);
  fillApplication(scene.peers["files.example"]);
  for (const peer of clouds.map((name) => scene.peers[name])) {
    peer.addUser({ login: "max", displayName: "Max M.", mail: "max@mail.example" });
    peer.addUser({ login: "moss", displayName: "Moss N.", mail: "moss@mail.example" });
    peer.trust(scene.bob.host);
  }
  scene.peers["opencloud.example"].trust(scene.peers["ocis.example"].host);
  scene.peers["ocis.example"].trust(scene.peers["opencloud.example"].host);
});
afterAll(async () => scene[Symbol.asyncDispose]());

const bobs = (): string => scene.bob.addressOf("bob");

describe.each([
  ["OpenCloud", "opencloud.example"],
  ["oCIS", "ocis.example"],
  ["REVA", "cernbox.example"],
] as const)("%s", (family, hostname) => {
  const peer = () => scene.peers[hostname];
  /** It is told of a share that it gave, with the secret and with the grantee. */
  async function hears(notificationType: string, { id, secret }: SentShare): Promise<void> {
    const notification = { sharedSecret: secret, grantee: bobs() };
    await expect
      .poll(() => peer().notifications())
      .toContainEqual(
        expect.objectContaining({
          notificationType,
          providerId: id,
          notification: expect.objectContaining(notification),
        }),
      );
  }

  test("invites Bob by the mail that it really sends; they know each other once he says yes", async () => {
    await peer().createInvite("max", addressOf("bob"));
    const invitation = await heldFrom(scene.bob, "bob", { host: peer().host, protocol: "ocm-invite" });
    await accept(scene.bob, "bob", invitation);
    await comesTo(scene.bob, invitation, "followed");
    expect(peer().contacts()).toMatchObject([{ login: "max", userId: "bob", provider: scene.bob.host }]);
    expect(await knownTo(scene.bob, "bob")).toContain(peer().addressOf("max"));
  });

  test("takes an invitation of Bob's", async () => {
    const [token = ""] = (await codeBy(scene.bob, "bob")).split("@");
    expect(await peer().acceptInvite("moss", { token, providerDomain: scene.bob.host })).toBe(200);
    expect(peer().contacts().at(-1)).toMatchObject({
      login: "moss",
      userId: "bob",
      provider: scene.bob.host,
    });
    expect(await knownTo(scene.bob, "bob")).toContain(peer().addressOf("moss"));
  });

  test("shares a folder, which Bob accepts, reads, and loses when it is taken back", async () => {
    const name = `Tides of ${family}`;
    const resource = { name, files: { "ebb & flow/moon.txt": "full", "low.txt": "dry" } };
    const mustExchangeToken = family === "REVA";
    const sent = await peer().share({ owner: "max", shareWith: bobs(), resource, mustExchangeToken });
    expect(sent.status).toBe(201);
    const notification = await held(scene.bob, name);
    await done(scene.bob, "notification", "accept", notification);
    const subscription = await subscriptionIn(scene.bob, notification, "SUBSCRIBED");
    await hears("SHARE_ACCEPTED", sent.share);
    expect((await browsed(scene.bob, subscription)).map((entry) => entry.name)).toEqual([
      "ebb & flow",
      "low.txt",
    ]);
    expect(await gotten(scene.bob, subscription, "ebb & flow/moon.txt")).toBe("full");
    // One exchange for the daemon and the commands that looked.
    expect(peer().received("token")).toHaveLength(mustExchangeToken ? 1 : 0);
    await peer().unshare(sent.share);
    // Only oCIS tells, and proves nothing by it: the others are seen to have ended it.
    if (family !== "oCIS") await lookAgain(scene.bob, subscription);
    await subscriptionIn(scene.bob, notification, "REMOVED");
  });

  test("shares one file, which Bob gets under its name, and leaves", async () => {
    const name = `chart of ${family}.txt`;
    const sent = await peer().share({ owner: "max", shareWith: bobs(), resource: { name, file: "North." } });
    const notification = await held(scene.bob, name);
    await accept(scene.bob, "bob", notification);
    const subscription = await subscriptionIn(scene.bob, notification, "SUBSCRIBED");
    expect(await content(scene.bob, "bob", subscription, name)).toBe("North.");
    await done(scene.bob, "subscription", "remove", subscription);
    await hears("SHARE_DECLINED", sent.share);
  });

  test("is told that Bob wants nothing of a share", async () => {
    const name = `Ballast of ${family}`;
    const sent = await peer().share({ owner: "moss", shareWith: bobs(), resource: { name, files: {} } });
    const notification = await held(scene.bob, name);
    bodyOf(await scene.bob.api("bob", "POST", `/notifications/${notification}/refuse`));
    await comesTo(scene.bob, notification, "refused");
    await hears("SHARE_DECLINED", sent.share);
  });

  test("reads what Bob shares, a folder and one file, until he takes it back", async () => {
    const to = [peer().addressOf("max")];
    const application = scene.peers["files.example"];
    const folder = await federate(scene.bob, "bob", application, { path: "Reports/", title: "Reports", to });
    await recipientsBecome(scene.bob, "bob", folder, "pending");
    const file = await federate(scene.bob, "bob", application, {
      path: "report.pdf",
      title: "report.pdf",
      to,
    });
    await recipientsBecome(scene.bob, "bob", file, "pending");
    const [reports, report] = peer().shares();
    const listed = await peer().use(reports?.id ?? "");
    expect(listed).toMatchObject({ status: 207, text: expect.stringContaining("2026%20%26%20more") });
    // It appends the file's name to the address (reference/ocm.md 4.6).
    expect(await peer().use(report?.id ?? "")).toMatchObject({ status: 207 });
    expect(peer().called().at(-1)?.path).toMatch(/\/report\.pdf$/);
    await done(scene.bob, "sharing", "revoke", folder);
    await recipientsBecome(scene.bob, "bob", folder, "revoked");
    // Only oCIS makes something of what it is told; the others find it closed.
    if (family === "oCIS") await expect.poll(() => peer().shares().length).toBe(1);
    else expect(await peer().use(reports?.id ?? "")).toMatchObject({ status: 401 });
  });
});

test("Carla's own OpenCloud accepts an invitation from oCIS: her contacts are kept there, not here", async () => {
  const [home, inviter] = [scene.peers["opencloud.example"], scene.peers["ocis.example"]];
  const { login, appPassword } = home.addUser({
    login: "carla",
    displayName: "Carla C.",
    mail: addressOf("carla"),
  });
  const file = join(scene.bob.world.directory, "password-at-home");
  await writeFile(file, appPassword);
  const place = ["--opencloud", home.origin, "--login", login, "--password-file", file];
  await done(scene.bob, "account", "home", "add", "carla", ...place);
  await done(scene.bob, "account", "home", "test", "carla");
  await inviter.createInvite("moss", addressOf("carla"));
  const invitation = await heldFrom(scene.bob, "carla", { host: inviter.host, protocol: "ocm-invite" });
  await done(scene.bob, "notification", "accept", invitation, "--wait");
  await comesTo(scene.bob, invitation, "followed");
  const people = [home.contacts().at(-1), inviter.contacts().at(-1)];
  expect(people).toMatchObject([
    { login: "carla", provider: inviter.host, name: "Moss N." },
    { login: "moss", provider: home.host, name: "Carla C." },
  ]);
  expect(await knownTo(scene.bob, "carla")).toEqual([]);
});

test("none of them met anything that no server of its family does", () => {
  for (const hostname of clouds) expect(scene.peers[hostname].refusals()).toEqual([]);
});
