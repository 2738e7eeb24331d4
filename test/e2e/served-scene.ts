import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { ask, type AskOptions, publicHost, type Reply } from "../http/server/world.ts";
import type { SharedFile } from "../world/ox/shares.ts";
import { freePorts } from "../world/ports.ts";
import { addressOf, type Shared } from "../world/world.ts";
import { deliverAndFind, openScene, type Scene, type SceneOptions, subscriptionOf } from "./scene.ts";

/** A scene whose daemon serves HTTP at a port of its own. */
export interface ServedScene extends Scene {
  readonly port: number;
  readonly server: { readonly publicUrl: string; readonly listen: string };
  ask(method: string, path: string, options?: AskOptions): Promise<Reply>;
  /** A token of the account with these scopes. */
  addToken(account: string, scopes: readonly string[]): Promise<string>;
  /** Begins to download; nothing of the body is read yet. */
  begin(path: string, token: string, headers?: Readonly<Record<string, string>>): Promise<IncomingMessage>;
}

/** The daemon is not started yet. */
export async function openServedScene(options: Pick<SceneOptions, "accounts"> = {}): Promise<ServedScene> {
  const [port = 0] = await freePorts(1);
  const server = { publicUrl: `https://${publicHost}`, listen: `127.0.0.1:${port}` };
  const scene = await openScene({ ...options, config: { server } });
  return Object.assign(scene, {
    port,
    server,
    ask: async (method: string, path: string, asked?: AskOptions) => ask({ port }, method, path, asked),
    addToken: async (account: string, scopes: readonly string[]) => {
      const add = ["token", "add", `${account}-${scopes.length}`, "--account", account, "--scope", ...scopes];
      return (await scene.usherJson<{ readonly token: string }>(...add)).token;
    },
    begin: async (path: string, token: string, headers = {}) => begin(port, path, token, headers),
  });
}

async function begin(
  port: number,
  path: string,
  token: string,
  headers: Readonly<Record<string, string>>,
): Promise<IncomingMessage> {
  const sent = request({
    host: "127.0.0.1",
    port,
    path,
    agent: false,
    headers: { host: publicHost, authorization: `Bearer ${token}`, ...headers },
  });
  sent.end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  // A connection that is cut is told by the body's reader.
  sent.on("error", () => {});
  response.on("error", () => {});
  return response;
}

export interface FollowedFiles extends Shared {
  /** Address of the subscription in the API. */
  readonly below: string;
  readonly notification: string;
  readonly subscription: string;
  /** Address of a file's content in the API. */
  content(path: string): string;
}

/** A share of bob's that the daemon follows, with a folder `Films` in it that holds these files. */
export async function followFiles(
  scene: Scene,
  title: string,
  files: readonly SharedFile[],
): Promise<FollowedFiles> {
  const share = scene.world.share(addressOf("bob"), { title, files: ["quay.odt"] });
  scene.world.origin.addFolder({ id: `9${share.folder}`, title: "Films", parent: share.folder, files });
  const { id } = await deliverAndFind(scene, share.mail, title);
  const run = await scene.usher("notification", "accept", id, "--wait");
  if (run.code !== 0) throw new Error(`accept ended with ${run.code}: ${run.err}`);
  const subscription = (await subscriptionOf(scene, id)).id;
  const below = `/api/v1/subscriptions/${subscription}`;
  const content = (path: string): string => `${below}/content?path=${encodeURIComponent(path)}`;
  return { ...share, notification: id, subscription, below, content };
}

/** What came of a body before it ended, and whether the client can tell that this was all. */
export async function readToEnd(
  response: IncomingMessage,
): Promise<{ readonly bytes: Buffer; readonly isComplete: boolean }> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response) chunks.push(chunk as Buffer);
  } catch {
    return { bytes: Buffer.concat(chunks), isComplete: false };
  }
  return { bytes: Buffer.concat(chunks), isComplete: response.complete };
}
