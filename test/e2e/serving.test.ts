import { once } from "node:events";
import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { json, publicHost } from "../http/server/world.ts";
import { startDaemon } from "../world/site.ts";
import {
  followFiles,
  type FollowedFiles,
  openServedScene,
  readToEnd,
  type ServedScene,
} from "./served-scene.ts";

const text = "All hands on deck. ".repeat(1_000_000);
const film = { id: "2", name: "film.mkv", sizeBytes: text.length, text };

let scene: ServedScene;
beforeEach(async () => {
  scene = await openServedScene();
});
afterEach(async () => scene[Symbol.asyncDispose]());

async function startWithFilm(): Promise<{ readonly share: FollowedFiles; readonly token: string }> {
  await scene.start();
  const token = await scene.addToken("bob", ["files:read"]);
  return { token, share: await followFiles(scene, "Harbour", [film]) };
}

describe("a stop while a file is downloaded", () => {
  test("lets a reader who is quick have it whole", async () => {
    const { share, token } = await startWithFilm();
    const response = await scene.begin(share.content("Films/film.mkv"), token);
    const ended = scene.daemon.end("SIGTERM");
    await scene.daemon.waitFor("stopping");
    const { bytes, isComplete } = await readToEnd(response);
    expect([isComplete, bytes.length]).toEqual([true, film.sizeBytes]);
    expect(await ended).toBe(0);
    expect(scene.world.origin.openSessions()).toBe(0);
    expect(scene.daemon.log.filter(({ level }) => level === "error")).toEqual([]);
  });

  test("cuts off one who takes too long, logs the guest out at the origin, and ends in time", async () => {
    const { share, token } = await startWithFilm();
    const response = await scene.begin(share.content("Films/film.mkv"), token);
    // A stop that is not over in time is forced, and ends with another code.
    expect(await scene.daemon.end("SIGTERM")).toBe(0);
    expect((await readToEnd(response)).isComplete).toBe(false);
    expect(scene.world.origin.openSessions()).toBe(0);
    expect(scene.world.origin.requests().filter(({ place }) => place === "logout")).toHaveLength(2);
    expect(scene.daemon.log.filter(({ level }) => level === "error")).toEqual([]);
  });
});

describe("SIGHUP", () => {
  test("keeps the server and what it is sending, and a new public name counts at once", async () => {
    const { share, token } = await startWithFilm();
    const response = await scene.begin(share.content("Films/film.mkv"), token);
    await scene.world.configure({ server: { ...scene.server, publicUrl: "https://shares.example.org" } });
    scene.daemon.reload();
    const reloaded = await scene.daemon.waitFor("reloaded");
    expect(reloaded["changed"]).toEqual(["server.publicUrl"]);
    expect(await readToEnd(response)).toMatchObject({ isComplete: true });
    const path = `${share.below}/browse`;
    expect((await scene.ask("GET", path, { token })).status).toBe(404);
    const renamed = await scene.ask("GET", path, { token, headers: { host: "shares.example.org" } });
    expect(renamed.status).toBe(200);
    expect(scene.daemon.log.filter(({ event }) => event === "listening")).toHaveLength(1);
  });

  test("with a configuration that is wrong changes nothing", async () => {
    await scene.start();
    await scene.world.configure({ server: { ...scene.server, listen: "everywhere" } });
    scene.daemon.reload();
    await scene.daemon.waitFor("reload-refused");
    expect(json(await scene.ask("GET", "/health/ready"))).toEqual({ status: "ready" });
  });
});

describe("the place where the daemon listens", () => {
  test("that is taken is named with the way out, and the daemon ends with code 1", async () => {
    const other = createServer();
    other.listen(scene.port, "127.0.0.1");
    await once(other, "listening");
    try {
      await using daemon = startDaemon(scene.world.configFile);
      expect(await daemon.ended).toBe(1);
      const said = daemon.text();
      expect(said).toContain(`cannot listen on 127.0.0.1 port ${scene.port} (EADDRINUSE)`);
      expect(said).toContain("give another port under server.listen");
      // A stack trace is for faults.
      expect(said).not.toMatch(/\n\s+at /);
    } finally {
      other.close();
    }
    // The store is free again, and so is the port.
    await scene.start();
    expect(await scene.daemon.end("SIGTERM")).toBe(0);
  });

  test("may be a socket for the proxy's group, also after the daemon was killed, and is gone after a stop", async () => {
    const socket = join(scene.world.directory, "usher.sock");
    await scene.world.configure({ server: { ...scene.server, listen: `unix:${socket}` } });
    for (const signal of ["SIGKILL", "SIGTERM"] as const) {
      const daemon = await scene.start();
      expect((await daemon.waitFor("listening"))["address"]).toBe(socket);
      expect((await stat(socket)).mode & 0o777).toBe(0o660);
      expect(await statusOver(socket, "/health/live", "localhost")).toBe(200);
      expect(await statusOver(socket, "/health/ready", "10.0.0.1")).toBe(200);
      expect(await statusOver(socket, "/api/v1/openapi.json", publicHost)).toBe(200);
      expect(await statusOver(socket, "/api/v1/notifications", publicHost)).toBe(401);
      await daemon.end(signal);
    }
    expect(existsSync(socket)).toBe(false);
  });

  test("tells health to anybody, by any name, without a token and without asking any origin", async () => {
    await scene.start();
    for (const host of [publicHost, "127.0.0.1", "monitor.example.net"]) {
      const live = await scene.ask("GET", "/health/live", { headers: { host } });
      const ready = await scene.ask("GET", "/health/ready", { headers: { host } });
      expect([json(live), json(ready)]).toEqual([{ status: "alive" }, { status: "ready" }]);
    }
    expect(scene.world.origin.requests()).toEqual([]);
  });
});

async function statusOver(socketPath: string, path: string, host: string): Promise<number | undefined> {
  const sent = request({ socketPath, path, agent: false, headers: { host } }).end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}
