import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  readBasic,
  readRules,
  readShareAnswer,
  readShareRequest,
  writeBasic,
  writeShareAnswer,
  writeShareRequest,
} from "../../../src/protocols/cozy-v2/wire.ts";

const own = "https://bob.cozy.example";
const hex = fc.stringMatching(/^[0-9a-f]{64}$/);
const rules = fc.uniqueArray(
  fc.record({
    id: fc.stringMatching(/^[A-Za-z0-9][\w.:-]{0,40}$/),
    docType: fc.stringMatching(/^[A-Za-z][\w.]{0,30}$/),
  }),
  { minLength: 1, maxLength: 20 },
);

describe("a request", () => {
  test("is read as it was written, in both wordings", () => {
    const content = fc.record({
      shareId: fc.stringMatching(/^[0-9a-f]{32}$/),
      preToken: hex,
      rules,
      ownUrl: fc.constant("https://alice.cozy.example"),
      sharerName: fc.constant("Alice"),
      recipientUrl: fc.constant(own),
      desc: fc.stringMatching(/^[A-Za-z0-9]{1,50}$/),
      continuous: fc.boolean(),
    });
    fc.assert(
      fc.property(content, (asked) => {
        const written = writeShareRequest(asked);
        const { shareId, preToken, desc, continuous } = asked;
        const common = { shareId, preToken, rules: asked.rules, desc, continuous, sharerUrl: asked.ownUrl };
        expect(readShareRequest(written, own)).toEqual({ ...common, sharerName: "Alice", recipientUrl: own });
        const { id, target } = written;
        const documented = { id, desc, rules: asked.rules, continuous, target };
        expect(readShareRequest(documented, own)).toEqual({
          ...common,
          sharerName: null,
          recipientUrl: null,
        });
      }),
    );
  });

  test("is read as the document shows it", () => {
    const request = {
      id: "id_of_the_share_document_of_the_sharer",
      desc: "A description of the documents",
      rules: [
        { id: 1, docType: "picture" },
        { id: 2, docType: "event" },
      ],
      continuous: true,
      target: { recipientUrl: "alice.cozycloud.com", preToken: "preToken_of_alice" },
    };
    expect(readShareRequest(request, own)).toEqual({
      shareId: "id_of_the_share_document_of_the_sharer",
      preToken: "preToken_of_alice",
      sharerUrl: "https://alice.cozycloud.com",
      sharerName: null,
      recipientUrl: null,
      rules: [
        { id: "1", docType: "picture" },
        { id: "2", docType: "event" },
      ],
      desc: "A description of the documents",
      continuous: true,
    });
  });

  test.each([
    ["without https", "http://alice.cozy.example/"],
    ["with a name and password", "https://a:b@alice.cozy.example/"],
    ["with a path", "https://alice.cozy.example/elsewhere"],
    ["of the recipient himself", `${own}/`],
  ])("whose sharer has an address %s is none", (_, sharerUrl) => {
    const request = { shareID: "a", sharerUrl, recipientUrl: own, preToken: "b", desc: "c" };
    const rule = { id: "1", docType: "event" };
    expect(readShareRequest({ ...request, rules: [rule] }, own)).toBeNull();
  });

  test("is read from anything without a throw", () => {
    fc.assert(
      fc.property(fc.anything(), (body) => {
        readShareRequest(body, own);
        readShareAnswer(body);
        readRules(body);
      }),
    );
  });
});

test("rules name no documents of CouchDB itself, and no paths", () => {
  for (const id of ["", "_design/all", "_local/x", "a/b", "a b", "a\nb"]) {
    expect([id, readRules([{ id, docType: "event" }])]).toEqual([id, null]);
  }
});

test("an answer is read as it was written", () => {
  fc.assert(
    fc.property(fc.boolean(), hex, (accepted, secret) => {
      const answer = { recipientUrl: own, accepted, token: accepted ? secret : null };
      const written = writeShareAnswer({ ...answer, sharerUrl: "https://alice.cozy.example" });
      expect(readShareAnswer(written)).toEqual(answer);
      expect("token" in written).toBe(accepted);
    }),
  );
});

test("credentials are read as they were written; a password may have colons", () => {
  const login = fc.stringMatching(/^[\w.-]{1,40}$/);
  fc.assert(
    fc.property(login, fc.string({ maxLength: 100 }), (name, password) => {
      fc.pre(password.isWellFormed());
      expect(readBasic(writeBasic({ login: name, password }))).toEqual({ login: name, password });
    }),
  );
  for (const field of [undefined, "", "Bearer abc", "Basic", "Basic ===", "Basic Og=="]) {
    expect([field, readBasic(field)]).toEqual([field, null]);
  }
});
