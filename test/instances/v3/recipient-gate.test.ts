import { expect, test } from "vitest";
import { limits } from "../../../src/domain/limits.ts";
import { createRequestGate } from "../../../src/instances/v3/recipient-gate.ts";

test("a flood of invented sharers does not make the gate forget what an account got today", () => {
  const gate = createRequestGate();
  let taken = 0;
  for (let count = 0; count < 2 * limits.cozyRequestSharers; count += 1) {
    const request = { accountId: "a1", documentId: "d1", sharerUrl: `https://s${count}.example` };
    if (gate.take(request, 0) === null) taken += 1;
  }
  expect(taken).toBe(limits.cozyRequestsPerDay);
});

test("one sharer has a share of the account's day, and the others the rest", () => {
  const gate = createRequestGate();
  const of = (sharerUrl: string) => gate.take({ accountId: "a1", documentId: "d1", sharerUrl }, 0);
  for (let count = 0; count < limits.cozyRequestsPerSharer; count += 1) {
    expect(of("https://alice.example")).toBeNull();
  }
  expect(of("https://alice.example")).toBe(limits.cozyRequestDayMs);
  expect(of("https://bob.example")).toBeNull();
});
