import { type Answer, newCaller } from "../ocm/caller.ts";
import { openStage } from "../ocm/stage.ts";
import { type OpenCloud, startOpenCloud } from "./opencloud.ts";
import type { OpenCloudOptions, User } from "./state.ts";

/** Ada's server and Dora's, which trust each other, and somebody who asks both from outside. */
export interface TwoClouds extends AsyncDisposable {
  readonly ada: OpenCloud;
  readonly dora: OpenCloud;
  readonly adasUser: User;
  readonly dorasUser: User;
  readonly ask: (method: string, url: string, more?: Asking) => Promise<Answer>;
}

interface Asking {
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, a text as it is. */
  readonly body?: object | string;
}

type Options = Omit<OpenCloudOptions, "tls" | "hostname" | "resolve">;

export async function openTwoClouds(adas: Options = {}, doras: Options = adas): Promise<TwoClouds> {
  await using stack = new AsyncDisposableStack();
  const stage = stack.use(await openStage(["cloud.ada.example", "cloud.dora.example"]));
  const ada = await stage.start(startOpenCloud, "cloud.ada.example", adas);
  const dora = await stage.start(startOpenCloud, "cloud.dora.example", doras);
  ada.trust(dora.host);
  dora.trust(ada.host);
  const { signal } = new AbortController();
  const { call } = newCaller({ resolve: stage.resolve, userAgent: "somebody", signal });
  const owned = stack.move();
  return {
    ada,
    dora,
    adasUser: ada.addUser({ login: "ada", displayName: "Ada Example", mail: "ada@mail.example" }),
    dorasUser: dora.addUser({ login: "dora", displayName: "Dora Example", mail: "dora@mail.example" }),
    ask: async (method, url, { headers = {}, body } = {}) => {
      const json = typeof body === "object" ? { "Content-Type": "application/json" } : {};
      const sent = typeof body === "object" ? JSON.stringify(body) : body;
      const answer = await call({
        method,
        url,
        headers: { ...json, ...headers },
        ...(sent === undefined ? {} : { body: sent }),
      });
      if (answer.kind === "unreachable") throw new Error(answer.reason);
      return answer;
    },
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}

/** A share from Ada to Dora as this family wants it, ready to be changed. */
export function shareBody({ ada, dora, dorasUser }: TwoClouds) {
  return {
    shareWith: `${dorasUser.userId}@${dora.host}`,
    name: "report.pdf",
    providerId: "7f2c",
    owner: ada.addressOf("ada"),
    sender: ada.addressOf("ada"),
    shareType: "user",
    resourceType: "file",
    protocol: {
      name: "multi",
      options: {} as object,
      webdav: {
        url: `${ada.origin}/dav/ocm/7f2c`,
        uri: "7f2c",
        sharedSecret: "s".repeat(32),
        permissions: ["read"],
        requirements: [] as string[],
      },
    },
  };
}
