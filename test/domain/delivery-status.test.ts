import { describe, expect, test } from "vitest";
import { isDeliveryReport, readBounce } from "../../src/domain/delivery-status.ts";
import { viewWith } from "../world/mail-view.ts";

function bounceOf(deliveryStatus: string, returned = "") {
  return readBounce({ deliveryStatus, returnedHeaders: viewWith(returned).headers });
}

describe("a delivery report", () => {
  test.each([
    "multipart/report; report-type=delivery-status; boundary=x",
    'Multipart/Report;\n boundary="a;b"; REPORT-TYPE="Delivery-Status"',
    "multipart/report (comment); boundary=x; report-type = delivery-status",
  ])("is known by its type: %s", (type) => {
    expect(isDeliveryReport(viewWith(`Content-Type: ${type}`))).toBe(true);
  });

  test.each([
    "multipart/mixed; report-type=delivery-status",
    "multipart/report; report-type=feedback-report",
    "text/plain",
    "",
  ])("is not any other mail: %s", (type) => {
    expect(isDeliveryReport(viewWith(`Content-Type: ${type}`))).toBe(false);
  });

  test("names the recipient whose delivery failed, also behind one whose delivery went well", () => {
    const status = [
      "Reporting-MTA: dns; mx.recipient.example\n",
      "Final-Recipient: rfc822; ok@nowhere.example\nAction: relayed\nStatus: 2.0.0\n",
      "Original-Recipient: rfc822; alias@nowhere.example\nFinal-Recipient: RFC822;<carla@nowhere.example>\nAction: Failed (really)\nStatus: 5.1.1 (no such)\n",
    ].join("\n");
    expect(bounceOf(status.replaceAll("\n", "\r\n"), "Message-ID: <invite-1@recipient.example>")).toEqual({
      recipient: "carla@nowhere.example",
      status: "5.1.1",
      action: "failed",
      originalMessageId: "<invite-1@recipient.example>",
    });
  });

  test("names a delayed recipient where none has failed, and the original where the final is missing", () => {
    const status =
      "Reporting-MTA: dns; a\n \nOriginal-Recipient: rfc822;bob@a.example\nAction: delayed\nStatus: 4.4.1\n";
    expect(bounceOf(status)).toMatchObject({
      recipient: "bob@a.example",
      action: "delayed",
      status: "4.4.1",
    });
  });

  test("leaves open what it does not say", () => {
    const nothing = { recipient: null, status: null, action: null, originalMessageId: null };
    expect(bounceOf("")).toEqual(nothing);
    expect(bounceOf("Reporting-MTA: dns; a\n\n")).toEqual(nothing);
    expect(bounceOf("Final-Recipient: rfc822; bob@a.example\nStatus: 9.9\nAction: 5\n")).toEqual({
      ...nothing,
      recipient: "bob@a.example",
    });
  });
});
