import { type CavageKey, cavageFields, newCavageKey } from "../ocm/cavage.ts";
import type { Answer } from "../ocm/caller.ts";
import { type JsonObject, readObject } from "../ocm/json.ts";
import { type MessageKey, messageFields, newMessageKey } from "../ocm/message-signature.ts";
import { type OcmGround, type OcmServerOptions, type Route, startOcmServer } from "../ocm/server.ts";
import { openStage, type Stage } from "../ocm/stage.ts";
import { json } from "../ocm/wire.ts";
import { type Nextcloud, startNextcloud } from "./nextcloud.ts";
import type { Generation, NextcloudSettings } from "./state.ts";

type Stranger = Awaited<ReturnType<typeof startStranger>>;

/** A Nextcloud with Ada and Bob, and a server that a test drives by hand. */
export interface Scene {
  readonly stage: Stage;
  readonly cloud: Nextcloud;
  readonly stranger: Stranger;
  /** Posts to the cloud's endPoint. */
  readonly post: (path: string, body: string, headers?: Readonly<Record<string, string>>) => Promise<Answer>;
  /** The same, JSON and signed by the stranger. */
  readonly postSigned: (path: string, body: object, date?: Date) => Promise<Answer>;
}

export const asJson = { "Content-Type": "application/json" };
export const asForm = { "Content-Type": "application/x-www-form-urlencoded" };

/** Holds the names of a scene. */
export async function openSceneStage(): Promise<Stage> {
  return openStage(["cloud.example", "stranger.example"]);
}

/** New servers, which end with the stage. */
export async function openScene(
  stage: Stage,
  generation: Generation,
  settings: Partial<NextcloudSettings> = {},
): Promise<Scene> {
  const users = [
    { uid: "ada", displayName: "Ada E.", mail: "ada@mail.example" },
    { uid: "bob", displayName: "Bob B." },
  ];
  const cloud = await stage.start(startNextcloud, "cloud.example", { generation, users, settings });
  const stranger = await stage.start(startStranger, "stranger.example", {});
  const post: Scene["post"] = async (path, body, headers = asJson) =>
    stage.ask({ method: "POST", url: `${cloud.origin}/index.php/ocm${path}`, headers, body });
  return {
    stage,
    cloud,
    stranger,
    post,
    postSigned: async (path, body, date = new Date()) => {
      const text = JSON.stringify(body);
      const at = new URL(`${cloud.origin}/index.php/ocm${path}`);
      const fields =
        generation === 32
          ? cavageFields(stranger.keys.cavage, at, text, date)
          : messageFields(stranger.keys.message, at, text, date);
      return post(path, text, { ...asJson, ...fields });
    },
  };
}

/** Another server, reduced to what a test says that it answers. */
interface StrangerState extends OcmGround {
  /** What is told at /.well-known/ocm and /ocm-provider/. */
  discovery: JsonObject;
  /** Of POST shares. */
  sharesStatus: number;
  readonly keys: { readonly cavage: CavageKey; readonly message: MessageKey };
}

const strangerRoutes: readonly Route<StrangerState>[] = [
  {
    method: "GET",
    path: /^\/(\.well-known\/ocm|ocm-provider\/)$/,
    place: "discovery",
    take: ({ discovery }) => json(200, discovery),
  },
  {
    method: "GET",
    path: /^\/keys$/,
    place: "keys",
    take: ({ keys }) => json(200, { keys: [keys.message.jwk] }),
  },
  {
    method: "POST",
    path: /^\/ocm\/shares$/,
    place: "shares",
    take: ({ sharesStatus }) => json(sharesStatus, { recipientDisplayName: "Dora" }),
  },
  { method: "POST", path: /^\/ocm\/notifications$/, place: "notifications", take: () => json(201, {}) },
];

const anyKey = newCavageKey("");

async function startStranger(options: OcmServerOptions) {
  const { server, peer } = await startOcmServer<StrangerState>(
    { ...options, userAgent: "stranger" },
    strangerRoutes,
    async (ground) => {
      const keys = {
        cavage: { ...(await anyKey), keyId: `${ground.origin}/ocm#signature` },
        message: await newMessageKey(`${ground.origin}/ocm#ecdsa-p256-sha256-1`),
      };
      return { ...ground, keys, discovery: discoveryOf(ground.origin, keys.cavage), sharesStatus: 201 };
    },
  );
  return Object.assign(peer, server);
}

function discoveryOf(origin: string, { keyId, publicKeyPem }: CavageKey): JsonObject {
  return {
    enabled: true,
    apiVersion: "1.0-proposal1",
    endPoint: `${origin}/ocm`,
    resourceTypes: [{ name: "file", shareTypes: ["user"], protocols: { webdav: "/dav/" } }],
    capabilities: ["http-sig"],
    publicKey: { keyId, publicKeyPem },
    jwksUri: `${origin}/keys`,
  };
}

/** A share of the stranger for Bob in the legacy form. */
export function offer({ cloud, stranger }: Scene, change: object = {}): object {
  return {
    shareWith: `bob@${cloud.host}`,
    name: "plan.odt",
    providerId: "7",
    owner: `dora@${stranger.host}`,
    sender: `dora@${stranger.host}`,
    shareType: "user",
    resourceType: "file",
    protocol: { name: "webdav", options: { sharedSecret: "secret" } },
    ...change,
  };
}

/** Status and body of an answer, a JSON object as such. */
export function shown({ status, text }: Answer): readonly [number, unknown] {
  return [status, readObject(text) ?? text];
}
