import type { EmulatedServer } from "../../emulated-server.ts";
import type { Issued } from "./credentials.ts";
import type { Letter } from "./letters.ts";
import type { CozyPlace } from "./stack.ts";
import type { Receiver } from "./transport.ts";
import type { JsonObject } from "./wire.ts";

/** What a test sees of a Cozy of either generation, and the few things that it turns. */
export interface CozyView {
  /** `https://host`, with the port unless that is 443. */
  readonly origin: string;
  readonly hostname: string;
  /** Mails that went out, oldest first. */
  mails(): readonly Letter[];
  /** What a document holds, without `_id` and `_rev`; null where there is none. */
  document(doctype: string, id: string): JsonObject | null;
  /** OAuth clients that still exist. */
  clients(): readonly { readonly id: string; readonly name: string; readonly uri: string }[];
  tokens(): readonly Issued[];
  /** All that was handed out and nobody else may see, for a look through logs. */
  secrets(): readonly string[];
  /** When nothing is left to send. */
  settled(): Promise<void>;
  /** What failed after an answer was sent. */
  failures(): readonly string[];
  expireAccessTokens(): void;
  logOut(): void;
}

export function viewOf(cozy: Receiver, server: EmulatedServer<CozyPlace>): CozyView & AsyncDisposable {
  const { credentials, documents, background, logins } = cozy;
  return {
    origin: cozy.origin,
    hostname: cozy.hostname,
    mails: () => [...cozy.mails],
    document: (doctype, id) => documents.get(doctype, id)?.value ?? null,
    clients: () =>
      credentials
        .clients()
        .map(({ client_id: id, client_name: name, client_uri: uri }) => ({ id, name, uri })),
    tokens: () => credentials.issued(),
    secrets: () => credentials.secrets(),
    settled: async () => background.settled(),
    failures: () => background.failures(),
    expireAccessTokens: () => credentials.expire(["access"]),
    logOut: () => logins.logOutEverywhere(),
    [Symbol.asyncDispose]: async () => {
      await background.stop();
      await server[Symbol.asyncDispose]();
    },
  };
}
