import type { FastifyRequest } from "fastify";
import ipaddr from "ipaddr.js";

/**
 * Whether forwarded fields of this peer count. A peer over a Unix socket has no address: who may open the socket is
 * decided by its file, and is the proxy.
 */
export function isTrustedProxy(address: string | undefined, trusted: readonly string[]): boolean {
  if (address === undefined || address === "") return true;
  if (!ipaddr.isValid(address)) return false;
  const peer = ipaddr.process(address);
  return trusted.some((range) => {
    const [network, bits] = rangeOf(range);
    return network.kind() === peer.kind() && peer.match(network, bits);
  });
}

function rangeOf(written: string): [ipaddr.IPv4 | ipaddr.IPv6, number] {
  if (written.includes("/")) return ipaddr.parseCIDR(written);
  const address = ipaddr.process(written);
  return [address, address.kind() === "ipv4" ? 32 : 128];
}

/** Whether a request is meant for this site. */
export function isForHost(request: FastifyRequest, publicUrl: string): boolean {
  const site = new URL(publicUrl);
  const asked = URL.parse(`${site.protocol}//${request.host}`);
  // What is no plain host may hold a path or a user, and is none of ours.
  return asked !== null && asked.host === site.host && /^[\w.:[\]-]+$/.test(request.host);
}
