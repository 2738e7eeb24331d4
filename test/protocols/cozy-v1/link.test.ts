import { describe, expect, test } from "vitest";
import { parseCozyV1Link } from "../../../src/protocols/cozy-v1/link.ts";

const id = "POBOALDPLLKHDqqIskTZJUmUhKcjLjKN";
const request = `https://bob.cozy.example/sharings/request?App_slug=photos&client_id=342c&redirect_uri=https%3A%2F%2Falice.cozy.example%2Fsharings%2Fanswer&response_type=code&scope=a+b&sharing_type=master-master&state=${id}`;
const discovery = `https://dana.cozy.example/sharings/discovery?recipient_email=bob%40recipient.example&recipient_id=cc46&sharing_id=${id}`;
const payload = Buffer.from('{"aud":"share","iss":"alice.cozy.example"}').toString("base64url");
const sharecode = `https://alice.cozy.example/sharings/9fd4bd89552d7e905ae9683d966f2894/discovery?sharecode=e30.${payload}.c2ln`;

describe("links of the first cozy-stack protocol", () => {
  test("name the sharer and the sharing", () => {
    expect(parseCozyV1Link(request)).toEqual({
      variant: "request",
      origin: "https://alice.cozy.example",
      href: request,
      shareId: id,
    });
    expect(parseCozyV1Link(discovery)).toEqual({
      variant: "discovery",
      origin: "https://dana.cozy.example",
      href: discovery,
      shareId: id,
    });
    expect(parseCozyV1Link(sharecode)).toEqual({
      variant: "sharecode",
      origin: "https://alice.cozy.example",
      href: sharecode,
      shareId: "9fd4bd89552d7e905ae9683d966f2894",
    });
  });

  test("may leave out what older states left out", () => {
    const bare = request
      .replace("App_slug=photos&", "")
      .replace("response_type=code&", "")
      .replace("a+b", "");
    expect(parseCozyV1Link(bare)?.variant).toBe("request");
  });

  test.each([
    ["without https", request.replace("https://bob", "http://bob")],
    ["with a password", request.replace("https://bob", "https://me:secret@bob")],
    ["with a fragment", `${request}#x`],
    ["below another path", request.replace("/sharings", "/x/sharings")],
    ["with a further key", `${request}&next=1`],
    ["with a key twice", `${request}&state=${id}`],
    ["without a key", request.replace("client_id=342c&", "")],
    ["with another response type", request.replace("response_type=code", "response_type=token")],
    ["with an answer elsewhere", request.replace("sharings%2Fanswer", "elsewhere")],
    ["with an answer over http", request.replace("https%3A", "http%3A")],
    ["with an answer that has a query", request.replace("Fanswer", "Fanswer%3Fx%3D1")],
    ["with an answer behind a password", request.replace("%2F%2Falice", "%2F%2Fme%40alice")],
    ["with an odd id", request.replace(id, "a%20b%20c%20d%20e")],
    ["of discovery without an address", discovery.replace("bob%40recipient.example", "bob")],
    ["of discovery with a further key", `${discovery}&sharer=1`],
    ["with a short code", `${sharecode.slice(0, sharecode.indexOf("=") + 1)}yzBxdiRqXM7e`],
    [
      "with a code for another audience",
      sharecode.replace(payload, Buffer.from('{"aud":"app"}').toString("base64url")),
    ],
    ["with a code of no JSON", sharecode.replace(payload, "e30x")],
    ["with an id of another length", sharecode.replace("9fd4", "9fd")],
    ["that is none", "not a link"],
  ])("are no such links %s", (_, link) => {
    expect(parseCozyV1Link(link)).toBeNull();
  });
});
