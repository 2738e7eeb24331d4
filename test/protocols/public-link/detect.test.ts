import { describe, expect, test } from "vitest";
import { publicLinkMailReader } from "../../../src/protocols/public-link/detect.ts";
import { parsePublicLink } from "../../../src/protocols/public-link/link.ts";
import { titleInSubject } from "../../../src/protocols/public-link/subject-title.ts";
import { viewWith } from "../../world/mail-view.ts";

const link = "https://cloud.uni-a.example/index.php/s/9NbM3ZaEzBevzSJ";

function detect(...hrefs: readonly string[]) {
  return publicLinkMailReader.detect(
    viewWith("", { ownLinks: hrefs.map((href) => ({ href, shown: null })) }),
  );
}

describe("a public link", () => {
  test.each([
    link,
    "https://cloud.uni-a.example/s/9NbM3ZaEzBevzSJ",
    "https://www.uni-a.example:8443/sub/next_cloud/index.php/s/9NbM3ZaEzBevzSJ/",
  ])("is %s", (href) => {
    expect(parsePublicLink(href)).toEqual({ origin: new URL(href).origin, href, shareId: "9NbM3ZaEzBevzSJ" });
  });

  test.each([
    ["of another length", `${link}x`],
    ["with a path behind", `${link}/download`],
    ["with a query, as filters that rewrite links have it", `${link}?domain=cloud.uni-a.example`],
    ["with a fragment", `${link}#x`],
    ["behind another address", `https://filter.example/${link}`],
    [
      "behind another address without its scheme",
      `https://filter.example/go//cloud.uni-a.example/s/9NbM3ZaEzBevzSJ`,
    ],
    ["over http", link.replace("https", "http")],
    ["with a password", link.replace("cloud", "me:secret@cloud")],
    ["with other characters", link.replace("9N", "9-")],
  ])("is not one %s", (_, href) => {
    expect(parsePublicLink(href)).toBeNull();
  });
});

describe("a mail with public links", () => {
  test("announces the first of at most two", () => {
    const [one, two, three] = ["1", "2", "3"].map((digit) => link.replace("9N", `${digit}N`));
    if (one === undefined || two === undefined || three === undefined) throw new Error("three links");
    expect(detect(one, two)).toMatchObject({ variant: "s-token", link: one, recipientKind: "anonymous" });
    expect(detect(one, two, one)).toMatchObject({ link: one });
    expect(detect(one, two, three)).toEqual({ not: "many-public-links" });
    expect(detect("https://cloud.uni-a.example/")).toBeNull();
  });
});

describe("the title in the subject", () => {
  test.each([
    ["Eve shared »survey.ods« with you", "Eve", "survey.ods"],
    ["Eve hat »a »b« c« geteilt", "", "a »b« c"],
    ["Ève a partagé «a.ods» avec vous", "", "a.ods"],
    ["Ada E. shared minutes.pdf with you", "Ada E.", "minutes.pdf"],
    ["Ada E. shared with you", "Ada E.", null],
    ["Ada E. shared  with you", "Ada E.", null],
    ["Somebody shared minutes.pdf with you", "Ada E.", null],
    ["Ada E. shared minutes.pdf with you", "", null],
    ["»«", "", null],
  ])("of %s is %s", (subject, name, title) => {
    expect(titleInSubject({ subject }, name)).toBe(title);
  });
});
