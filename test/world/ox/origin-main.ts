/**
 * An emulated originating server as a process of its own. The one argument is a JSON `OriginDescription`; it prints
 * one JSON line, `OriginAnnouncement`, and ends on SIGTERM, or with its standard input where `lifeline` asks for it.
 */
import { readFile } from "node:fs/promises";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { OriginAnnouncement, OriginDescription } from "./origin-control.ts";
import { startOxOrigin } from "./origin.ts";
import { readObject } from "./wire.ts";

const description = JSON.parse(process.argv[2] ?? "{}") as OriginDescription;
const origin = await startOxOrigin({
  tls: {
    cert: await readFile(description.certFile, "utf8"),
    key: await readFile(description.keyFile, "utf8"),
  },
  hostname: description.hostname,
  ...(description.prefix === undefined ? {} : { prefix: description.prefix }),
  ...(description.port === undefined ? {} : { port: description.port }),
});
const controls = createServer((request, response) => void control(request, response));
controls.listen(0, "127.0.0.1");
await once(controls, "listening");
const address = controls.address();
const controlPort = typeof address === "object" && address !== null ? address.port : 0;
const announcement: OriginAnnouncement = { port: origin.port, origin: origin.origin, controlPort };
process.stdout.write(`${JSON.stringify(announcement)}\n`);
process.once("SIGTERM", stop);
process.once("SIGINT", stop);
if (description.lifeline === true) process.stdin.once("end", stop).resume();

function stop(): void {
  controls.close();
  controls.closeAllConnections();
  process.stdin.destroy();
  void origin[Symbol.asyncDispose]();
}

/** `POST /` with `{"call": name, "with": [arguments]}` answers `{"value"}` or `{"error"}`. */
async function control(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  const asked = readObject(Buffer.concat(chunks).toString("utf8"));
  response.writeHead(200, { "Content-Type": "application/json" });
  response.end(JSON.stringify(await answer(String(asked?.["call"]), asked?.["with"])));
}

async function answer(name: string, given: unknown): Promise<object> {
  const called: unknown = Reflect.get(origin, name);
  if (typeof called !== "function" || !Array.isArray(given)) return { error: `There is no control ${name}.` };
  try {
    return { value: (await Reflect.apply(called, origin, given)) as unknown };
  } catch (cause) {
    return { error: String(cause) };
  }
}
