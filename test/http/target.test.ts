import { existsSync, readFileSync } from "node:fs";
import { isIP } from "node:net";
import { describe, expect, test } from "vitest";
import type { OutboundException } from "../../src/config/config.ts";
import { judgeAddresses, judgeUrl, pinnedAddresses } from "../../src/http/target.ts";
import { passes } from "./address-table.ts";

const corpus = new URL("../../../shared/corpora/wpt-url/urltestdata.json", import.meta.url);

/** What the guard decides about a URL as far as no name server is needed. */
function judge(url: string, exceptions: readonly OutboundException[] = []): string | null {
  const target = judgeUrl(url, exceptions);
  if (typeof target === "string") return target;
  return judgeAddresses(target, pinnedAddresses(target), []);
}

function exception(extra: Partial<OutboundException>): OutboundException {
  const all = { host: "ox.example.com", port: 443, cidr: "10.0.0.0/8", address: null, ca: null };
  return { ...all, scheme: "https", ...extra };
}

describe("which URLs may be asked", () => {
  test.each([
    ["https://ox.example.com/ajax/share/x", null],
    ["https://ox.example.com./", null],
    ["https://93.184.215.14/", null],
    ["https://ox.example.com:443/", null],
    [`https://ox.example.com/${"a".repeat(3000)}`, "url-too-long"],
    ["ox.example.com", "url-invalid"],
    ["https://", "url-invalid"],
    ["http://ox.example.com/", "url-scheme"],
    ["ftp://ox.example.com/", "url-scheme"],
    ["gopher://ox.example.com/", "url-scheme"],
    ["file:///etc/passwd", "url-scheme"],
    ["data:text/plain,hello", "url-scheme"],
    ["https://alice@ox.example.com/", "url-credentials"],
    ["https://:secret@ox.example.com/", "url-credentials"],
    ["https://example.com@127.0.0.1/", "url-credentials"],
    ["https://ox.example.com:22/", "url-port"],
    ["https://ox.example.com:80/", "url-port"],
    ["https://localhost/", "name-not-public"],
    ["https://localhost./", "name-not-public"],
    ["https://LOCALHOST%2E/", "name-not-public"],
    ["https://bob.localhost/", "name-not-public"],
    ["https://intranet/", "name-not-public"],
    ["https://127.0.0.1\\@example.com/", "address-not-public"],
  ])("%s: %s", (url, refusal) => {
    expect(judge(url)).toBe(refusal);
  });

  test("refuses every spelling of addresses that are not public", () => {
    const spellings = ["127.0.0.1", "10.1.2.3", "192.168.0.1", "0.0.0.0"].flatMap(spellingsOf);
    const metadata = spellingsOf("169.254.169.254");
    expect(new Set(spellings.map((host) => judge(`https://${host}/`)))).toEqual(
      new Set(["address-not-public"]),
    );
    expect(new Set(metadata.map((host) => judge(`https://${host}/`)))).toEqual(new Set(["address-metadata"]));
    expect(spellings.length).toBeGreaterThan(300);
  });

  test.skipIf(!existsSync(corpus))("lets none of the web platform's URLs lead inside", () => {
    const cases: unknown[] = JSON.parse(readFileSync(corpus, "utf8"));
    let literals = 0;
    for (const each of cases) {
      if (typeof each !== "object" || each === null || !("input" in each)) continue;
      const input = String(each.input);
      for (const text of [input, input.replace(/^\w+:/, "https:")]) {
        const target = judgeUrl(text, []);
        if (typeof target === "string") continue;
        expect(target.url.href).toMatch(/^https:\/\/[^/@:]+\.[^/@:]+\/|^https:\/\/\[/);
        if (isIP(target.host) !== 4) continue;
        literals += 1;
        const bits = target.host.split(".").reduce((sum, octet) => (sum << 8n) | BigInt(octet), 0n);
        expect([text, judge(text) === null]).toEqual([text, passes(4, bits)]);
      }
    }
    expect(literals).toBeGreaterThan(10);
  });
});

describe("the operator's exceptions", () => {
  test("open an address only where host, port, scheme and range all match", () => {
    const url = "https://ox.example.com/";
    expect(addressesOf(url, ["10.1.2.3"], exception({}))).toBeNull();
    expect(addressesOf(url, ["11.1.2.3", "10.1.2.3"], exception({}))).toBeNull();
    expect(addressesOf(url, ["10.1.2.3", "192.168.1.1"], exception({}))).toBe("address-not-public");
    expect(addressesOf(url, ["10.1.2.3"], exception({ host: "a.example.com" }))).toBe("address-not-public");
    expect(addressesOf(url, ["10.1.2.3"], exception({ port: 8443 }))).toBe("address-not-public");
    expect(addressesOf(url, ["10.1.2.3"], exception({ scheme: "http" }))).toBe("address-not-public");
    expect(addressesOf(url, ["10.1.2.3"], exception({ cidr: "10.2.0.0/16" }))).toBe("address-not-public");
  });

  test("open another port, plain HTTP or a local name for their range alone", () => {
    const port = exception({ port: 8443 });
    expect(addressesOf("https://ox.example.com:8443/", ["10.1.2.3"], port)).toBeNull();
    expect(addressesOf("https://ox.example.com:8443/", ["11.1.2.3"], port)).toBe("address-not-public");
    const plain = exception({ port: 80, scheme: "http" });
    expect(addressesOf("http://ox.example.com/", ["10.1.2.3"], plain)).toBeNull();
    expect(addressesOf("http://ox.example.com/", ["11.1.2.3"], plain)).toBe("address-not-public");
    const local = exception({ host: "intranet" });
    expect(addressesOf("https://intranet/", ["10.1.2.3"], local)).toBeNull();
    expect(addressesOf("https://intranet/", ["11.1.2.3"], local)).toBe("address-not-public");
  });

  test("open the machine's own address, and never a metadata service", () => {
    const all = exception({ cidr: "0.0.0.0/0" });
    expect(addressesOf("https://ox.example.com/", ["93.184.215.14"], all)).toBeNull();
    expect(addressesOf("https://ox.example.com/", ["93.184.215.14"], exception({}))).toBe("address-own");
    expect(addressesOf("https://ox.example.com/", ["169.254.169.254"], all)).toBe("address-metadata");
  });

  test("give an address to a name that no name server knows", () => {
    const target = judgeUrl("https://intranet/", [exception({ host: "intranet", address: "10.1.2.3" })]);
    expect(typeof target === "string" ? target : pinnedAddresses(target)).toEqual(["10.1.2.3"]);
  });
});

function addressesOf(url: string, addresses: readonly string[], open: OutboundException): string | null {
  const target = judgeUrl(url, [open]);
  return typeof target === "string" ? target : judgeAddresses(target, addresses, ["93.184.215.14"]);
}

/** The ways to write an IPv4 address that a URL parser understands. */
function spellingsOf(address: string): string[] {
  const octets = address.split(".").map(Number);
  const [a = 0, b = 0, c = 0, d = 0] = octets;
  const numbers = [
    [a, b, c, d],
    [a, b, c * 256 + d],
    [a, (b * 256 + c) * 256 + d],
    [((a * 256 + b) * 256 + c) * 256 + d],
  ];
  const bases = [
    String,
    (part: number) => `0x${part.toString(16)}`,
    (part: number) => `0${part.toString(8)}`,
  ];
  const plain = numbers.flatMap((parts) => [
    ...bases.map((base) => parts.map(base).join(".")),
    parts.map((part, index) => bases[index % 3]?.(part) ?? "").join("."),
  ]);
  const decorated = plain.flatMap((text) => [
    text,
    `${text}.`,
    text.replaceAll(".", "。"),
    text.replaceAll(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
    text.replaceAll(/\d/g, (digit) => `%3${digit}`),
    `\t${text.slice(0, 1)}\n${text.slice(1)}`,
  ]);
  const hex = octets.map((octet) => octet.toString(16).padStart(2, "0"));
  const groups = `${hex.slice(0, 2).join("")}:${hex.slice(2).join("")}`;
  const prefixes = ["::ffff:", "::", "0:0:0:0:0:ffff:", "64:ff9b::", "::ffff:0:"];
  return [
    ...decorated,
    ...prefixes.flatMap((prefix) => [`[${prefix}${address}]`, `[${prefix}${groups}]`]),
    `[2002:${groups}::]`,
  ];
}
