import { spawn } from "node:child_process";
import { readFile, stat, writeFile } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import { once } from "node:events";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createServer } from "../../../src/http/server/server.ts";
import { temporaryDirectory } from "../../store/temporary.ts";
import { openWorld, publicHost } from "./world.ts";

test("a socket serves the proxy's group, and one that a killed process left is replaced", async () => {
  await using world = await openWorld();
  await using directory = await temporaryDirectory();
  const socket = join(directory.path, "usher.sock");
  await leaveSocket(socket);
  const settings = () => ({ publicUrl: `https://${publicHost}`, listen: { socket }, trustedProxies: [] });
  await using server = await createServer({ ...world.parts, settings });
  expect(server.address).toBe(socket);
  expect((await stat(socket)).mode & 0o777).toBe(0o660);
  const proxied = { host: "backend", "x-forwarded-host": publicHost };
  expect(await statusOf(socket, "/api/v1/openapi.json", proxied)).toBe(200);
  const wrong = { host: publicHost, authorization: "Bearer ush_wrong" };
  expect(await statusOf(socket, "/api/v1/notifications", wrong)).toBe(401);
});

test("a file that is no socket is not removed for one", async () => {
  await using world = await openWorld();
  await using directory = await temporaryDirectory();
  const socket = join(directory.path, "precious");
  await writeFile(socket, "precious");
  const settings = () => ({ ...world.parts.settings(), listen: { socket } });
  await expect(createServer({ ...world.parts, settings })).rejects.toThrow("EADDRINUSE");
  expect(await readFile(socket, "utf8")).toBe("precious");
});

async function statusOf(
  socketPath: string,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<number | undefined> {
  const sent = request({ socketPath, path, agent: false, headers }).end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

/** A process listens there and is killed. */
async function leaveSocket(path: string): Promise<void> {
  const script = "require('node:net').createServer().listen(process.argv[1], () => console.log('listening'))";
  const child = spawn(process.execPath, ["-e", script, path], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await once(child, "exit");
  expect((await stat(path)).isSocket()).toBe(true);
}

test("a port that is taken is named with the way out", async () => {
  await using world = await openWorld();
  const settings = () => ({ ...world.parts.settings(), listen: { host: "127.0.0.1", port: world.port } });
  const second = createServer({ ...world.parts, settings });
  await expect(second).rejects.toThrow(
    `The server cannot listen on 127.0.0.1 port ${world.port} (EADDRINUSE): another program listens there`,
  );
});
