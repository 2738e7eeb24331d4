import { afterAll, beforeAll, expect, test } from "vitest";
import { Browser } from "./browser.ts";
import { connectToOrigin, startOxOriginProcess } from "./origin-control.ts";
import { cloudHost, openLink, openStage, type Stage } from "./stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(async () => stage[Symbol.asyncDispose]());

test("an origin in a process of its own is moved and counted from outside", async () => {
  const { certFile, keyFile } = stage.tls;
  const description = { hostname: cloudHost, prefix: "/appsuite/api/", certFile, keyFile } as const;
  await using server = await startOxOriginProcess(description);
  const remote = connectToOrigin(server.controlPort);
  const bob = await remote.addGuest({ mail: "bob@recipient.example" });
  await remote.addFolder({ id: "39", title: "Harbour plans", guests: [bob.token] });
  const link = await remote.link(bob.token, "39");
  expect(link).toBe(`${server.origin}/appsuite/api/share/${bob.token}/1/8/Mzk`);
  const browser = new Browser({ ca: stage.ca });
  await openLink(browser, link);
  await server.remote.goDown();
  await expect(openLink(browser, link)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  await server.remote.comeUp();
  await server.remote.expireSessions();
  await openLink(browser, link);
  expect(await remote.counters()).toMatchObject({
    requests: 2,
    openSessions: 1,
    logins: { [bob.token]: { successful: 2, failed: 0 } },
  });
  await expect(remote.revoke("unknown")).rejects.toThrow("no such guest");
});

test("it ends when it is told to", async () => {
  const { certFile, keyFile } = stage.tls;
  const server = await startOxOriginProcess({ hostname: cloudHost, certFile, keyFile });
  await server[Symbol.asyncDispose]();
  expect(() => process.kill(server.pid, 0)).toThrow("ESRCH");
});
