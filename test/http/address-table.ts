/** reference/security.md 3.5 as numbers: an own reading, to compare the classifier with. */

export interface Range {
  readonly family: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
}

const refused4 =
  "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 " +
  "192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 " +
  // Beyond the table: anycast of AS112 (RFC 7534, 7535) and AMT (RFC 7450) is nobody's web server.
  "192.31.196.0/24 192.175.48.0/24 192.52.193.0/24";

const refused6 =
  "0:0:0:0:0:0:0:0/16 64:ff9b:1:0:0:0:0:0/48 100:0:0:0:0:0:0:0/64 2001:0:0:0:0:0:0:0/32 2001:db8:0:0:0:0:0:0/32 " +
  "2002:0:0:0:0:0:0:0/16 fc00:0:0:0:0:0:0:0/7 fe80:0:0:0:0:0:0:0/10 fec0:0:0:0:0:0:0:0/10 ff00:0:0:0:0:0:0:0/8 " +
  // Beyond the table: IETF protocol assignments, AS112, new documentation; and all that IANA has not given out.
  "2001:0:0:0:0:0:0:0/23 2620:4f:8000:0:0:0:0:0/48 3fff:0:0:0:0:0:0:0/20 " +
  "0:0:0:0:0:0:0:0/3 4000:0:0:0:0:0:0:0/2 8000:0:0:0:0:0:0:0/1";

export const refusedRanges: readonly Range[] = [
  ...refused4.split(" ").map((text) => range(4, text)),
  ...refused6.split(" ").map((text) => range(6, text)),
];

const nat64 = range(6, "64:ff9b:0:0:0:0:0:0/96");

/** Whether the table lets an address pass; behind NAT64 the IPv4 address decides. */
export function passes(family: 4 | 6, bits: bigint): boolean {
  if (family === 6 && contains(nat64, bits)) return passes(4, bits & 0xffff_ffffn);
  return !refusedRanges.some((each) => each.family === family && contains(each, bits));
}

export function textOf(family: 4 | 6, bits: bigint): string {
  const [groups, width] = family === 4 ? [4, 8n] : [8, 16n];
  const values = Array.from({ length: groups }, (_, index) => {
    const value = (bits >> (width * BigInt(groups - 1 - index))) & ((1n << width) - 1n);
    return family === 4 ? String(value) : value.toString(16);
  });
  return values.join(family === 4 ? "." : ":");
}

function contains(each: Range, bits: bigint): boolean {
  return bits >= each.first && bits <= each.last;
}

function range(family: 4 | 6, text: string): Range {
  const [network = "", prefix = ""] = text.split("/");
  const groups = network.split(family === 4 ? "." : ":");
  const width = family === 4 ? 8n : 16n;
  const first = groups.reduce((bits, group) => {
    return (bits << width) | BigInt(Number.parseInt(group, family === 4 ? 10 : 16));
  }, 0n);
  const free = BigInt((family === 4 ? 32 : 128) - Number(prefix));
  return { family, first, last: first | ((1n << free) - 1n) };
}
