import { describe, expect, test } from "vitest";
import { nextcloudMailReader } from "../../../src/protocols/nextcloud/detect.ts";
import { viewWith } from "../../world/mail-view.ts";

function detect(...ownLines: readonly string[]) {
  return nextcloudMailReader.detect(viewWith("", { ownLines }));
}

describe("a notice of the reader's own Nextcloud", () => {
  test("of a notification names who shares and where", () => {
    expect(
      detect("Hello", "* You received plan.odt as a remote share from @ada@cloud.uni-a.example (today)"),
    ).toMatchObject({
      origin: "https://cloud.uni-a.example",
      sharer: { name: "@ada@cloud.uni-a.example", address: "alice@cloud-a.example" },
      title: null,
      link: null,
      shareId: null,
    });
  });

  test("of the activity mail names the share as well", () => {
    expect(
      detect("There is a new remote share Photos from Rome from @zoe@drive.uni-f.example."),
    ).toMatchObject({
      origin: "https://drive.uni-f.example",
      title: "Photos from Rome",
    });
  });

  test("of several shares announces the first; the others wait at home all the same", () => {
    expect(
      detect(
        "* You received plan.odt as a remote share from @ada@cloud.uni-a.example (today, 12:57\u202fPM)",
        "* You received Photos as a remote share from @zoe@drive.uni-f.example (today, 12:58\u202fPM)",
      ),
    ).toMatchObject({ origin: "https://cloud.uni-a.example", sharer: { name: "@ada@cloud.uni-a.example" } });
  });

  test.each([
    ["@zoe@mail.example@drive.uni-f.example", "https://drive.uni-f.example"],
    ["@zoe@drive.uni-f.example:8443", "https://drive.uni-f.example:8443"],
    ["@zoe@DRIVE.uni-f.example).", "https://drive.uni-f.example"],
  ])("reads the federated id %s", (id, origin) => {
    expect(detect(`as a remote share from ${id}`)).toMatchObject({ origin });
  });

  test.each([
    "as a remote share from @zoe",
    "as a remote share from zoe@drive.uni-f.example",
    "as a remote share from @@drive.uni-f.example",
    "as a remote share from @zoe@192.0.2.1",
    "as a remote share from @zoe@drive_uni-f",
    "a new remote share from @zoe@drive.uni-f.example",
    "new remote share",
  ])("is none: %s", (line) => {
    expect(detect(line)).toBeNull();
  });
});
