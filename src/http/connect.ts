import { once } from "node:events";
import { BlockList, connect as connectTcp, isIP, type LookupFunction, type Socket } from "node:net";
import { connect as connectTls, createSecureContext, getCACertificates, type SecureContext } from "node:tls";
import { limits } from "../domain/limits.ts";
import { canonical } from "./address-rules.ts";
import { OutboundError } from "./outbound.ts";
import type { Target } from "./target.ts";

/** The second layer behind address-rules: the table of reference/security.md 3.5, kept by Node itself. */
const refusedRanges = [
  ..."0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24".split(
    " ",
  ),
  ..."192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4".split(
    " ",
  ),
  // BlockList compares IPv4 addresses with ::/16 in their mapped form, so that all of them would be refused.
  ..."::/96 64:ff9b:1::/48 100::/64 2001::/32 2001:db8::/32 2002::/16 fc00::/7 fe80::/10 fec0::/10 ff00::/8".split(
    " ",
  ),
];

const blockList = new BlockList();
for (const range of refusedRanges) {
  const [network = "", prefix = ""] = range.split("/");
  blockList.addSubnet(network, Number(prefix), isIP(network) === 4 ? "ipv4" : "ipv6");
}

/**
 * Opens the connection for one request to one of the judged addresses, and nowhere else: the name is not looked up
 * again, and the address that the socket says it reached is compared before the first byte is sent.
 * Rejects with the system's or OpenSSL's error, or an OutboundError.
 */
export async function connectPinned(
  target: Target,
  addresses: readonly string[],
  signal: AbortSignal,
): Promise<Socket> {
  const tcp = connectTcp({
    host: target.host,
    port: target.port,
    lookup: pinnedLookup(addresses),
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: limits.httpAddressMs,
    noDelay: true,
    ...(target.exceptions.length === 0 && { blockList }),
  });
  await opened(tcp, "connect", signal);
  const pinned = addresses.map((address) => canonical(address));
  if (tcp.remoteAddress === undefined || !pinned.includes(canonical(tcp.remoteAddress))) {
    tcp.destroy();
    throw new OutboundError("address-not-pinned", false);
  }
  if (!target.isTls) return tcp;
  const authorities = target.exceptions.flatMap((each) => (each.ca === null ? [] : [each.ca]));
  const tls = connectTls({
    socket: tcp,
    host: target.host,
    servername: target.isLiteral ? "" : target.host,
    ALPNProtocols: ["http/1.1"],
    // Whatever NODE_TLS_REJECT_UNAUTHORIZED says.
    rejectUnauthorized: true,
    ...(authorities.length > 0 && { secureContext: trusting(authorities.join("\n")) }),
  });
  await opened(tls, "secureConnect", signal);
  return tls;
}

/** Reading all public authorities takes longer than a whole request: contexts are kept, as many as there are sets of exceptions. */
const contexts = new Map<string, SecureContext>();

/** Trusts the public authorities and these, PEM. */
function trusting(authorities: string): SecureContext {
  const known = contexts.get(authorities);
  if (known !== undefined) return known;
  // Each reload of the configuration may bring others.
  if (contexts.size >= limits.httpTlsContexts) contexts.clear();
  const made = createSecureContext({ ca: [...getCACertificates("default"), authorities] });
  contexts.set(authorities, made);
  return made;
}

function pinnedLookup(addresses: readonly string[]): LookupFunction {
  return (_host, _options, callback) => {
    callback(
      null,
      addresses.map((address) => ({ address, family: isIP(address) })),
    );
  };
}

async function opened(
  socket: Socket,
  event: "connect" | "secureConnect",
  signal: AbortSignal,
): Promise<void> {
  // Stays for good: an error between two listeners must not end the program.
  socket.on("error", () => undefined);
  // With an error: undici takes a silent end for the end of the answer, and throws where the request was given up.
  signal.addEventListener("abort", () => socket.destroy(new OutboundError("aborted", true)), { once: true });
  try {
    await once(socket, event, { signal });
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
