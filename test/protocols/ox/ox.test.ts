import { expect, test } from "vitest";
import { createGuardedClient } from "../../../src/http/guarded-client.ts";
import { createOx } from "../../../src/protocols/ox/ox.ts";
import { bob, filesFolder } from "./ox-world.ts";

const http = createGuardedClient({ settings: () => ({ userAgent: "Usher-Test/1", exceptions: [] }) });
const ox = createOx({ http });
const origin = "https://share.cloud-a.example";
const home = {
  kind: "ox",
  baseUrl: "https://ox.home.example/ajax/",
  login: "bob",
  password: () => "unused",
} as const;

test("an account with an OX server of its own follows through it, any other by Usher itself", () => {
  expect(ox.way({ homes: [home] }, "").via).toBe("home");
  expect(ox.way({ homes: [] }, "").via).toBe("usher");
});

test("a restriction is told before any request, and depends on where the account is at home", () => {
  const calendar = { module: "calendar", folder: "321", item: null } as const;
  const facts = { origin, variant: "share-created", targets: [calendar] };
  expect(ox.restriction(facts, bob)).toMatchObject({ kind: "no", because: "calendar-needs-home" });
  expect(ox.restriction(facts, { ...bob, homes: ["ox"] })).toBeNull();
  expect(ox.restriction({ ...facts, targets: [filesFolder("39")] }, bob)).toBeNull();
});

test("the origin cannot be told that a share is not wanted", () => {
  expect(ox.capabilities).toMatchObject({ canRefuse: false, canFollow: true, canFollowAtHome: true });
});
