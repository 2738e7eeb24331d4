import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readNotification, writeNotification } from "../../../src/protocols/ocm/notification-body.ts";

const sent = { notificationType: "SHARE_UNSHARED", resourceType: "file", providerId: "17" };

describe("notifications (reference/ocm.md 4.5)", () => {
  test.each([
    ["Nextcloud: the secret", { sharedSecret: "s", message: "m" }, { sharedSecret: "s", grantee: null }],
    ["oCIS: the grantee alone", { grantee: "d@h.example" }, { sharedSecret: null, grantee: "d@h.example" }],
  ])("%s", (_who, notification, expected) => {
    expect(readNotification({ ...sent, notification })).toEqual({
      kind: "notification",
      notification: { type: "SHARE_UNSHARED", providerId: "17", ...expected },
    });
  });

  test("ocm-stub writes type", () => {
    const body = { type: "SHARE_ACCEPTED", providerId: 42, notification: { sharedSecret: "s" } };
    expect(readNotification(body)).toMatchObject({
      notification: { type: "SHARE_ACCEPTED", providerId: "42", sharedSecret: "s" },
    });
  });

  test.each([
    ["notification", sent],
    ["notificationType", { providerId: "17", notification: {} }],
    ["providerId", { notificationType: "SHARE_ACCEPTED", notification: {} }],
  ])("%s is missing", (name, body) => {
    expect(readNotification(body)).toEqual({ kind: "invalid", errors: [{ name, message: "NOT_FOUND" }] });
  });

  test("one body serves all: the secret for Nextcloud, the grantee for reva", () => {
    const written = writeNotification({
      type: "SHARE_ACCEPTED",
      resourceType: "file",
      providerId: "17",
      secret: "s",
      grantee: "dora@usher.example",
    });
    expect(written).toMatchObject({ notification: { sharedSecret: "s", grantee: "dora@usher.example" } });
    expect(readNotification(written)).toMatchObject({ notification: { type: "SHARE_ACCEPTED" } });
  });

  test("no body makes reading throw", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(["notification", "invalid"]).toContain(readNotification(value).kind);
        expect(readNotification({ ...sent, notification: value }).kind).toBeDefined();
      }),
    );
  });
});
