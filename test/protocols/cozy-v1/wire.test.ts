import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseCozyV1Link } from "../../../src/protocols/cozy-v1/link.ts";
import {
  authorizeLink,
  discoveryLink,
  readAccess,
  readAnswer,
  readKept,
  requestLink,
  sharecodeLink,
  writeAccess,
} from "../../../src/protocols/cozy-v1/wire.ts";

const link = {
  at: "http://this.is.url",
  appSlug: "spartapp",
  clientId: "sparta",
  redirectUri: "redirect.me.to.sparta",
  scope: "",
  sharingType: "one-shot",
  state: "sparta-id",
};

test("pkg/sharings: the request link in the exact string of the original", () => {
  expect(requestLink(link)).toBe(
    "http://this.is.url/sharings/request?App_slug=spartapp&client_id=sparta&redirect_uri=redirect.me.to.sparta&response_type=code&scope=&sharing_type=one-shot&state=sparta-id",
  );
});

test("pkg/sharings: the discovery link in the exact string of the original", () => {
  const of = { address: "bob@example.org", recipientId: "2a31ce01", sharingId: "wccKeeGn" };
  expect(discoveryLink("https://alice.cozy.example", of)).toBe(
    "https://alice.cozy.example/sharings/discovery?recipient_email=bob%40example.org&recipient_id=2a31ce01&sharing_id=wccKeeGn",
  );
});

test("queries are written as Go writes them", () => {
  const scope = "io.cozy.files:ALL:a~b*c io.cozy.files:ALL:io.cozy.photos.albums/1:referenced_by";
  const { search } = new URL(requestLink({ ...link, scope }));
  expect(search).toContain(
    "scope=io.cozy.files%3AALL%3Aa~b%2Ac+io.cozy.files%3AALL%3Aio.cozy.photos.albums%2F1%3Areferenced_by&",
  );
  expect(authorizeLink({ ...link, state: "x.y.z" })).toBe(
    "http://this.is.url/auth/authorize?App_slug=spartapp&client_id=sparta&redirect_uri=redirect.me.to.sparta&response_type=cozy_sharing&scope=&state=x.y.z",
  );
});

test("every link that is written is read as the same invitation", () => {
  const letters = fc.stringMatching(/^[A-Za-z]{32}$/);
  fc.assert(
    fc.property(letters, fc.string(), fc.string(), (state, scope, appSlug) => {
      const at = "https://bob.cozy.example";
      const redirectUri = "https://alice.cozy.example/sharings/answer";
      const written = requestLink({ ...link, at, redirectUri, state, scope, appSlug });
      expect(new URL(written).searchParams.get("scope")).toBe(scope.toWellFormed());
      if (written.length > 2000) return;
      expect(parseCozyV1Link(written)).toMatchObject({
        variant: "request",
        origin: "https://alice.cozy.example",
        shareId: state,
      });
    }),
  );
  const code = [{ alg: "HS512" }, { aud: "share" }].map((each) => btoa(JSON.stringify(each)));
  const id = "0".repeat(32);
  const written = sharecodeLink("https://alice.cozy.example", id, `${code.join(".").replaceAll("=", "")}.x`);
  expect(parseCozyV1Link(written)).toMatchObject({ variant: "sharecode", shareId: id });
});

test("an answer is read from query or body, and one without code refuses", () => {
  const query = new URLSearchParams({ state: "s", client_id: "c", access_code: "a" });
  expect(readAnswer(query, null)).toEqual({ state: "s", clientId: "c", accessCode: "a" });
  expect(readAnswer(new URLSearchParams(), { state: "s", client_id: "c" })).toEqual({
    state: "s",
    clientId: "c",
    accessCode: null,
  });
  expect(readAnswer(new URLSearchParams({ access_code: "" }), { state: 1 })).toEqual({
    state: "",
    clientId: "",
    accessCode: null,
  });
});

test("bodies of strangers are read without a throw", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (body) => {
      const read = readAccess(body);
      if (read !== null) expect(readAccess(writeAccess(read))).toEqual(read);
      const kept = readKept(body);
      if (kept !== null) expect(typeof kept.revision).toBe("string");
      expect(typeof readAnswer(new URLSearchParams(), body).state).toBe("string");
    }),
  );
});

test("what a Cozy keeps is a document, or a file as JSON:API", () => {
  expect(readKept({ _id: "t1", _rev: "1-x", text: "a" })).toEqual({
    revision: "1-x",
    body: { _id: "t1", _rev: "1-x", text: "a" },
  });
  expect(readKept({ data: { meta: { rev: "2-y" }, attributes: { name: "a.txt" } } })).toEqual({
    revision: "2-y",
    body: { name: "a.txt" },
  });
  expect([readKept({ error: "x" }), readKept([]), readKept(null)]).toEqual([null, null, null]);
});
