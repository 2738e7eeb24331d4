import { type Answer, newCaller } from "../ocm/caller.ts";
import { openStage } from "../ocm/stage.ts";
import { type OpenCloud, startOpenCloud } from "./opencloud.ts";
import type { OpenCloudOptions, User } from "./state.ts";

/** Anna's server and Dora's, which trust each other, and somebody who asks both from outside. */
export interface TwoClouds extends AsyncDisposable {
  readonly anna: OpenCloud;
  readonly dora: OpenCloud;
  readonly annasUser: User;
  readonly dorasUser: User;
  readonly ask: (method: string, url: string, more?: Asking) => Promise<Answer>;
}

interface Asking {
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, a text as it is. */
  readonly body?: object | string;
}

type Options = Omit<OpenCloudOptions, "tls" | "hostname" | "resolve">;

export async function openTwoClouds(annas: Options = {}, doras: Options = annas): Promise<TwoClouds> {
  await using stack = new AsyncDisposableStack();
  const stage = stack.use(await openStage(["cloud.anna.example", "cloud.dora.example"]));
  const anna = await stage.start(startOpenCloud, "cloud.anna.example", annas);
  const dora = await stage.start(startOpenCloud, "cloud.dora.example", doras);
  anna.trust(dora.host);
  dora.trust(anna.host);
  const { signal } = new AbortController();
  const { call } = newCaller({ resolve: stage.resolve, userAgent: "somebody", signal });
  const owned = stack.move();
  return {
    anna,
    dora,
    annasUser: anna.addUser({ login: "anna", displayName: "Anna Example", mail: "anna@mail.example" }),
    dorasUser: dora.addUser({ login: "dora", displayName: "Dora O'Hara", mail: "dora@mail.example" }),
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

/** A share from Anna to Dora as this family wants it, ready to be changed. */
export function shareBody({ anna, dora, dorasUser }: TwoClouds) {
  return {
    shareWith: `${dorasUser.userId}@${dora.host}`,
    name: "report.pdf",
    providerId: "7f2c",
    owner: anna.addressOf("anna"),
    sender: anna.addressOf("anna"),
    shareType: "user",
    resourceType: "file",
    protocol: {
      name: "multi",
      options: {} as object,
      webdav: {
        url: `${anna.origin}/dav/ocm/7f2c`,
        uri: "7f2c",
        sharedSecret: "s".repeat(32),
        permissions: ["read"],
        requirements: [] as string[],
      },
    },
  };
}
