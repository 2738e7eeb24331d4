import * as fc from "fast-check";
import { getDomain } from "tldts";
import { describe, expect, test } from "vitest";
import { parseHeaderFields } from "../../src/domain/header-fields.ts";
import { limits } from "../../src/domain/limits.ts";
import type { Authentication } from "../../src/domain/share.ts";
import {
  believeSignature,
  type DkimVerdict,
  isOneOrganisation,
  signatureCandidates,
} from "../../src/domain/signature.ts";
import { viewWith } from "../world/mail-view.ts";

const registrableDomain = (host: string): string | null => getDomain(host, { allowPrivateDomains: true });
const from = "From: Alice Sender <alice@cloud-a.example>\n";
const tags = "v=1; a=rsa-sha256; d=cloud-a.example; s=s1; h=Subject:From; bh=x; b=y";

function candidates(signature: string, sender = from) {
  return signatureCandidates(
    parseHeaderFields(`DKIM-Signature: ${signature}\n${sender}`).fields,
    registrableDomain,
  );
}

describe("a key is asked for", () => {
  test.each<[string, string]>([
    ["an ordinary signature", tags],
    ["a folded one", tags.replaceAll("; ", ";\n\t").replace("Subject:From", "Subject:\n  From")],
    ["one without spaces and with a final semicolon", `${tags.replaceAll(" ", "")};`],
    ["one in other letters", tags.replace("d=cloud-a.example; s=s1", "d=Cloud-A.Example; s=S1")],
  ])("for %s", (_, signature) => {
    expect(candidates(signature)).toEqual([{ domain: "cloud-a.example", selector: "s1" }]);
  });

  test("for a domain of the same organisation, not for a hoster's other customer", () => {
    expect(candidates(tags.replace("d=", "d=mail."))).toHaveLength(1);
    const sender = "From: alice@alice.github.io\n";
    expect(candidates(tags.replace("cloud-a.example", "eve.github.io"), sender)).toEqual([]);
    expect(candidates(tags.replace("cloud-a.example", "github.io"), sender)).toEqual([]);
  });
});

describe("nobody is asked", () => {
  test.each<[string, string]>([
    ["for another domain", tags.replace("cloud-a", "cloud-b")],
    ["for a domain that ends alike", tags.replace("d=", "d=evil")],
    ["for a part of the body", `${tags}; l=10`],
    ["for a signature that leaves From out", tags.replace(":From", "")],
    ["for a selector that is none", tags.replace("s=s1", "s=s1/../x")],
    ["for a selector without a name", tags.replace("s=s1", "s=")],
    ["for two domains", `${tags}; d=evil.example`],
    ["for text", "cloud-a.example"],
  ])("%s", (_, signature) => {
    expect(candidates(signature)).toEqual([]);
  });

  test.each<[string, string]>([
    ["two From fields", from + from],
    ["no From field", ""],
    ["a strange From field", "From: x: alice@cloud-a.example;\n"],
  ])("for a mail with %s", (_, sender) => {
    expect(candidates(tags, sender)).toEqual([]);
  });
});

test("no more keys than the limit are asked for, whatever is written", () => {
  const piece = fc.constantFrom(...tags.split(/(?=;)/), "d=a.b", "s=", "l=1", ";", "=", "\0", "é");
  const field = fc.array(piece, { maxLength: 12 }).map((parts) => `DKIM-Signature: ${parts.join("")}\n`);
  fc.assert(
    fc.property(fc.array(field, { maxLength: 20 }), (fields) => {
      const found = signatureCandidates(parseHeaderFields(fields.join("") + from).fields, registrableDomain);
      expect(found.length).toBeLessThanOrEqual(limits.dkimSignatures);
      for (const { domain } of found)
        expect(isOneOrganisation(domain, "cloud-a.example", registrableDomain)).toBe(true);
    }),
  );
});

describe("a passing signature proves the sender", () => {
  const url = "x-open-xchange-share-url";
  const authentication: Authentication = {
    from: "alice@cloud-a.example",
    dkim: null,
    spf: null,
    dmarc: null,
    authservId: null,
    by: null,
    trusted: false,
    linkAligned: true,
  };
  const passing: DkimVerdict = {
    result: "pass",
    domain: "cloud-a.example",
    because: "pass",
    signedFields: parseHeaderFields(`${from}X-Open-Xchange-Share-URL: https://a.example/\n`).fields,
  };

  function believe(header: string, verdict: Partial<DkimVerdict> = {}, rest: object = {}) {
    return believeSignature(
      viewWith(header, rest),
      authentication,
      { ...passing, ...verdict },
      {
        decidingHeaders: [url],
        registrableDomain,
      },
    ).authentication;
  }

  test("where it covers what decides, once", () => {
    expect(believe(`${from}X-Open-Xchange-Share-URL: https://a.example/\n`)).toMatchObject({
      trusted: true,
      dkim: "pass",
      by: "dkim-signature",
    });
  });

  test.each<[string, string]>([
    ["another value", `${from}X-Open-Xchange-Share-URL: https://b.example/\n`],
    ["a value twice", `${from}${"X-Open-Xchange-Share-URL: https://a.example/\n".repeat(2)}`],
    ["another sender", from.replace("alice", "carla")],
    ["a sender twice", from + from],
    ["no sender", ""],
    ["an answer elsewhere", `${from}Reply-To: eve@evil.example\n`],
  ])("not where the mail has %s than what was signed", (_, header) => {
    expect(believe(header).trusted).toBe(false);
  });

  test("not where it is not passed, another's, or fields may be missing", () => {
    expect(believe(from, { result: "neutral" })).toMatchObject({ trusted: false, dkim: "neutral" });
    expect(believe(from, { domain: "evil.example" }).trusted).toBe(false);
    expect(believe(from, { domain: null }).trusted).toBe(false);
    expect(believe(from, { signedFields: [] }).trusted).toBe(false);
    expect(believe(from, {}, { isHeaderCut: true }).trusted).toBe(false);
  });
});
