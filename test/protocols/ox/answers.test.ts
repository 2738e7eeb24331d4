import { describe, expect, test } from "vitest";
import type { OutboundResponse } from "../../../src/http/outbound.ts";
import { queuedJobId, readAnswer } from "../../../src/protocols/ox/answers.ts";

function response(body: unknown, type = "text/javascript; charset=UTF-8", status = 200): OutboundResponse {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return { status, headers: { "content-type": [type] }, text, url: "https://share.example/ajax/folders" };
}

const lost = { error: "Your session expired.", code: "SES-0203", categories: "TRY_AGAIN" };

describe("an answer of the OX HTTP API", () => {
  test.each(["application/json", "text/javascript;charset=UTF-8", "TEXT/HTML; charset=UTF-8"])(
    "an error object inside a 200 of type %s is an error",
    (type) => {
      expect(readAnswer(response(lost, type))).toMatchObject({ name: "session-lost", code: "SES-0203" });
    },
  );

  test("the same text under another type is no answer of OX", () => {
    expect(readAnswer(response(lost, "text/plain"))).toMatchObject({ name: "answer-not-understood" });
    expect(readAnswer({ ...response({ data: {} }), headers: {} })).toMatchObject({
      name: "answer-not-understood",
    });
  });

  test("a page, a list, a number and a broken text are not understood", () => {
    for (const body of ["<html><body>Maintenance</body></html>", "[1]", "7", '{"data":', ""]) {
      expect(readAnswer(response(body, "text/html"))).toMatchObject({ name: "answer-not-understood" });
    }
  });

  test("a warning beside the answer does not hide it", () => {
    const warned = { data: { id: "39" }, error: "Will be removed.", code: "SUSE-0008" };
    expect(readAnswer(response(warned))).toMatchObject({ kind: "answer", fields: { data: { id: "39" } } });
    const other = { data: {}, error: "Careful.", code: "FLD-0003", categories: ["WARNING"] };
    expect(readAnswer(response(other))).toMatchObject({ kind: "answer" });
  });

  test.each([
    ["LGI-0006", ["USER_INPUT"], "guest-password-rejected"],
    ["LGI-0025", ["ERROR"], "guest-password-rejected"],
    ["LGI-0099", [], "guest-password-rejected"],
    ["LGI-0098", ["USER_INPUT"], "guest-password-rejected"],
    ["LGI-0013", ["PERMISSION_DENIED"], "login-refused"],
    ["LGI-0010", ["SERVICE_DOWN"], "server-error"],
    ["LGI-0002", ["TRY_AGAIN"], "server-error"],
    ["FLD-0003", ["PERMISSION_DENIED"], "folder-not-visible"],
    ["FLD-0008", ["ERROR"], "folder-not-visible"],
    ["FLD-1007", ["ERROR"], "server-error"],
    ["SES-0206", ["TRY_AGAIN"], "session-lost"],
    ["SHR-0025", [], "module-not-available"],
    ["SHR-0026", [], "single-file"],
    ["SHR-0027", [], "wrong-account"],
    ["SHR-0028", [], "anonymous-guest"],
    ["SUSE-0003", [], "guest-password-rejected"],
    ["SVL-0001", [], "server-error"],
    ["MSG-0012", ["CONNECTIVITY"], "server-error"],
  ])("code %s of category %j means %s", (code, categories, name) => {
    expect(readAnswer(response({ error: "x", code, categories }))).toMatchObject({ name, code });
  });

  test("an error without a code, or with a text in its place, is an error of the server", () => {
    expect(readAnswer(response({ error: "Broken." }))).toMatchObject({ name: "server-error", code: null });
    const odd = { error: "Broken.", code: "LGI-0006 <script>", categories: 7 };
    expect(readAnswer(response(odd))).toMatchObject({ name: "server-error", code: null });
  });

  test.each([
    [429, "server-busy"],
    [503, "server-busy"],
    [500, "server-error"],
    [502, "server-error"],
    [408, "server-error"],
    [401, "request-not-accepted"],
    [404, "request-not-accepted"],
    [302, "answer-not-understood"],
    [204, "answer-not-understood"],
  ])("status %i without an error object means %s", (status, name) => {
    expect(readAnswer(response("", "text/html", status))).toMatchObject({ name });
  });

  test("an overloaded server is busy also where it explains itself", () => {
    expect(readAnswer(response(lost, "application/json", 503))).toMatchObject({ name: "server-busy" });
  });

  test("only a 202 names a queued job", () => {
    const queued = { data: { job: "5a0c" } };
    expect(queuedJobId(response(queued, "application/json", 202))).toBe("5a0c");
    expect(queuedJobId(response(queued, "application/json", 200))).toBeNull();
    expect(queuedJobId(response({ data: {} }, "application/json", 202))).toBeNull();
  });
});
