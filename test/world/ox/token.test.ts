import { expect, test } from "vitest";
import { guestToken, readShareLink, readTargetPath, targetPath, tokenIds } from "./token.ts";

test.each([
  ["04b29644047397444b29645473974b7ba433980a88b9aacd", 1, 15],
  ["0e8bc1640c82ee5ee8bc163c82ee4187b3288c7d4ac636db", 7, 31],
  ["041242b50fae564f41242b9fae564ad4a6e77dfe33cb18d1", 12, 5],
  ["05b8401207e7e8665b840157e7e84aefbb3fd0fc24f3add3", 7, 44],
  ["03b96fc7064fa8693b96fc064fa844a88a132bda60bebf54", 7, 45],
  ["071e76910959234371e7690959234ca0a5841eba3ebb2810", 1, 15],
])("token %s names context %i and guest %i, both ways", (token, contextId, userId) => {
  expect(tokenIds(token)).toEqual({ contextId, userId });
  expect(tokenIds(token.toUpperCase())).toEqual({ contextId, userId });
  expect(guestToken(contextId, userId, token.slice(16))).toBe(token);
});

test("ids of 2^31 and above are no token", () => {
  expect(tokenIds(`84b29644${"04b29644047397444b29645473974b7ba433980a88b9aacd".slice(8)}`)).toBeNull();
});

test.each([
  ["/1/8/Mzk", { version: 1, module: 8, folder: "39", item: null, additionals: {} }],
  ["/1/8/NDcxMQ/NDcxMS85MDg3", { version: 1, module: 8, folder: "4711", item: "4711/9087", additionals: {} }],
  ["/1/2/MzIx", { version: 1, module: 2, folder: "321", item: null, additionals: {} }],
  ["/2/m8/fNDcxMg/aYw~Mw", { version: 2, module: 8, folder: "4712", item: null, additionals: { c: "3" } }],
] as const)("target path %s", (path, target) => {
  expect(readTargetPath(path)).toEqual(target);
  expect(targetPath(target)).toBe(path);
});

test("segments of the second form stand in any order", () => {
  expect(readTargetPath("/2/aYw~Mw/fNDcxMg/m8")).toEqual(readTargetPath("/2/m8/fNDcxMg/aYw~Mw"));
});

test("a link names its server, the base of its API and its token", () => {
  const token = "0e8bc1640c82ee5ee8bc163c82ee4187b3288c7d4ac636db";
  expect(readShareLink(`https://cloud-a.example:8443/myshare/share/${token}/1/8/Mzk`)).toMatchObject({
    origin: "https://cloud-a.example:8443",
    base: "https://cloud-a.example:8443/myshare/",
    token,
    target: { folder: "39" },
  });
  expect(readShareLink(`http://cloud-a.example/ajax/share/${token}/1/8/Mzk`)).toBeNull();
});
