import { Resolver } from "node:dns/promises";
import { limits } from "../domain/limits.ts";

/** All TXT records of a name; rejects with the code of the name server's answer where there are none. */
export type ResolveTxt = (name: string, signal: AbortSignal) => Promise<readonly (readonly string[])[]>;

/** Asks the machine's name servers, or `servers` (`address:port`), for TXT records and nothing else. */
export function createResolveTxt(servers: readonly string[] | null = null): ResolveTxt {
  return async (name, signal) => {
    signal.throwIfAborted();
    const resolver = new Resolver({ timeout: limits.dkimLookupMs / 2, tries: 2 });
    if (servers !== null) resolver.setServers(servers);
    const cancel = (): void => resolver.cancel();
    signal.addEventListener("abort", cancel, { once: true });
    try {
      return await resolver.resolveTxt(name);
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  };
}
