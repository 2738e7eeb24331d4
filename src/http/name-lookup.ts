import { Resolver } from "node:dns/promises";
import { codeOf } from "./failure.ts";

/** All IPv4 and IPv6 addresses of a name; rejects with the code of the name server's answer where there are none. */
export type Resolve = (host: string, signal: AbortSignal) => Promise<readonly string[]>;

/**
 * Asks the machine's name servers, or `servers` (`address:port`). Not getaddrinfo: that runs on the thread pool, which
 * slow foreign name servers would keep from the database, and it cannot be given up. So /etc/hosts does not count; a
 * host that only this machine knows gets an exception with a fixed address.
 */
export function createResolve(servers: readonly string[] | null = null): Resolve {
  return async (host, signal) => {
    const resolver = new Resolver({ timeout: 2000, tries: 2 });
    if (servers !== null) resolver.setServers(servers);
    const cancel = (): void => resolver.cancel();
    signal.addEventListener("abort", cancel, { once: true });
    try {
      const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
      const addresses = answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
      const rejected = answers.filter((answer) => answer.status === "rejected");
      if (addresses.length > 0 || rejected.length === 0) return addresses;
      throw worst(rejected.map(({ reason }): unknown => reason));
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  };
}

/** "There is no such record" counts only where both questions were answered so. */
function worst(errors: readonly unknown[]): unknown {
  return errors.find((error) => !saysThereIsNone(error)) ?? errors[0];
}

function saysThereIsNone(error: unknown): boolean {
  const code = codeOf(error);
  return code === "ENOTFOUND" || code === "ENODATA";
}
