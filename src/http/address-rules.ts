import ipaddr from "ipaddr.js";
import { isIP } from "node:net";

/** Why an address or a name is not spoken to. */
export type AddressRefusal = "address-invalid" | "address-metadata" | "address-own" | "address-not-public";

type Ip = ipaddr.IPv4 | ipaddr.IPv6;

/** Services that hand out a machine's credentials; refused whatever an exception says. */
const metadataAddresses = ["169.254.169.254", "100.100.100.200", "fd00:ec2::254"];

/** Blocks of IPv6 that carry an IPv4 address, and the 16-bit group where it begins. */
const embeddings: readonly (readonly [string, number])[] = [
  ["::/96", 6],
  ["::ffff:0:0/96", 6],
  ["::ffff:0:0:0/96", 6],
  ["64:ff9b::/96", 6],
  ["2002::/16", 1],
];

/** The one embedding that honest servers have: behind NAT64 every IPv4-only name looks like this (RFC 6052). */
const nat64 = "64:ff9b::/96";

/**
 * Why `address` must not be connected to, or null for a public one. Decided on bits: only global unicast passes
 * (reference/security.md 3.5). `own` are this machine's addresses, whose inner ports may be open to itself.
 */
export function addressRefusal(address: string, own: readonly string[] = []): AddressRefusal | null {
  if (isIP(address) === 0) return "address-invalid";
  const ip = ipaddr.parse(address);
  const inner = embeddedIpv4(ip);
  const spellings = [ip, ...(inner === null ? [] : [inner])].map(String);
  if (spellings.some((each) => metadataAddresses.includes(each))) return "address-metadata";
  const isReachable = inner === null ? isPublic(ip) : isWithin(address, nat64) && isPublic(inner);
  if (!isReachable) return "address-not-public";
  const isOwn = own.some((each) => isIP(each) !== 0 && spellings.includes(canonical(each)));
  return isOwn ? "address-own" : null;
}

/** One spelling for each address; an IPv4 address that is written as a mapped IPv6 one is unwrapped. */
export function canonical(address: string): string {
  return ipaddr.process(address).toString();
}

/** Whether an address literal lies in a range such as `10.0.0.0/8`; an IPv4 address never lies in an IPv6 range. */
export function isWithin(address: string, cidr: string): boolean {
  if (isIP(address) === 0 || !ipaddr.isValidCIDR(cidr)) return false;
  const [ip, range] = [ipaddr.parse(address), ipaddr.parseCIDR(cidr)];
  return ip.kind() === range[0].kind() && ip.match(range);
}

/** Whether a host name cannot be the name of a public server: a single label, or a name of the local network. */
export function isLocalName(host: string): boolean {
  const labels = host.split(".");
  const last = labels.at(-1) ?? "";
  if (labels.length < 2 || labels.includes("")) return true;
  return ["localhost", "local", "internal"].includes(last) || (last === "arpa" && labels.at(-2) === "home");
}

/** ipaddr.js knows the special ranges; of IPv6, IANA has given out 2000::/3 only. */
function isPublic(ip: Ip): boolean {
  return ip.range() === "unicast" && (ip.kind() === "ipv4" || isWithin(ip.toString(), "2000::/3"));
}

function embeddedIpv4(ip: Ip): Ip | null {
  if (!("parts" in ip)) return null;
  const found = embeddings.find(([cidr]) => isWithin(ip.toString(), cidr));
  if (found === undefined) return null;
  const bytes = ip.toByteArray().slice(found[1] * 2, found[1] * 2 + 4);
  return ipaddr.fromByteArray(bytes);
}
