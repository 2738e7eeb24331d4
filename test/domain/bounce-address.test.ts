import { describe, expect, test } from "vitest";
import { addressKey } from "../../src/domain/address.ts";
import { bounceAddress, bounceSecretsIn, mayBeReport } from "../../src/domain/bounce-address.ts";
import { limits } from "../../src/domain/limits.ts";
import { newId } from "../../src/store/ids.ts";
import { viewWith } from "../world/mail-view.ts";

const secret = { invitationId: newId("i"), mac: "0123456789abcdef".repeat(2) };
const address = bounceAddress("bounces@site.example", secret);

describe("the address that reports of one mail come back to", () => {
  test("is an address also where the local part is as long as it may be", () => {
    const longest = `${"b".repeat(limits.bounceLocalChars)}@site.example`;
    expect(addressKey(bounceAddress(longest, secret))).not.toBeNull();
    expect(addressKey(bounceAddress(`b${longest}`, secret))).toBeNull();
  });

  test.each([
    `To: ${address}`,
    `To: "Mail" <${address.toUpperCase()}>`,
    `To: undisclosed-recipients:;\nDelivered-To: ${address}`,
    `X-Original-To: ${address}`,
    `Envelope-To: someone@else.example, ${address}`,
  ])("is found again: %s", (header) => {
    expect(bounceSecretsIn(viewWith(header))).toEqual([secret]);
    expect(mayBeReport(viewWith(header).headers)).toBe(true);
  });

  test.each([
    `Subject: ${address}`,
    `Cc: ${address}`,
    "To: bounces@site.example",
    `To: ${address.replace(/.@/, "@")}`,
    `To: ${address.replace("@", "0@")}`,
  ])("is not found elsewhere or in another form: %s", (header) => {
    expect(bounceSecretsIn(viewWith(header))).toEqual([]);
    expect(mayBeReport(viewWith(header).headers)).toBe(false);
  });

  test("counts once, and only a few times in one mail", () => {
    expect(bounceSecretsIn(viewWith(`To: ${address}\nDelivered-To: ${address}`))).toHaveLength(1);
    const many = Array.from({ length: 500 }, () =>
      bounceAddress("b@site.example", { ...secret, invitationId: newId("i") }),
    );
    expect(bounceSecretsIn(viewWith(`To: ${many.join(", ")}`))).toHaveLength(limits.bounceSecrets);
  });
});
