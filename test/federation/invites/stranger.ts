import type { JsonObject } from "../../world/ocm/json.ts";
import { type MessageKey, messageFields, newMessageKey } from "../../world/ocm/message-signature.ts";
import { type OcmServerOptions, type Route, startOcmServer } from "../../world/ocm/server.ts";
import type { OcmGround } from "../../world/ocm/server.ts";
import { json } from "../../world/ocm/wire.ts";

interface StrangerState extends OcmGround {
  readonly key: MessageKey;
  discovery: JsonObject;
}

const routes: readonly Route<StrangerState>[] = [
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
    take: ({ key }) => json(200, { keys: [key.jwk] }),
  },
];

export type Stranger = Awaited<ReturnType<typeof startStranger>>;

/** A server of which a test says what it tells of itself, and in whose name it posts and signs. */
export async function startStranger(options: OcmServerOptions) {
  const { server, peer } = await startOcmServer<StrangerState>(
    { ...options, userAgent: "stranger" },
    routes,
    async (ground) => {
      const key = await newMessageKey(`${ground.origin}/ocm#key1`);
      const endPoint = `${ground.origin}/ocm`;
      return {
        ...ground,
        key,
        discovery: { enabled: true, apiVersion: "1.1.0", endPoint, resourceTypes: [] },
      };
    },
  );
  return {
    ...server,
    host: peer.host,
    origin: peer.origin,
    /** What it says of itself besides. */
    says: (more: JsonObject) => void (peer.discovery = { ...peer.discovery, ...more }),
    /** Fields of its signature under a body that it posts there. */
    signed: (url: string, body: string) => messageFields(peer.key, new URL(url), body, new Date()),
    jwksUri: `${peer.origin}/keys`,
  };
}
