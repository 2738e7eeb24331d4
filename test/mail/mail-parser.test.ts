import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { limits } from "../../src/domain/limits.ts";
import { createMailParser, MailParserError } from "../../src/mail/mail-parser.ts";
import { parseMail } from "../../src/mail/parse.ts";
import { bombs } from "./mime-bombs.ts";

const share = Buffer.from(
  "From: Alice <alice@cloud-a.example>\r\nSubject: Plans\r\nX-Open-Xchange-Share-URL: https://a.example/\r\n\r\ntext",
);
/** Costs a parser far more than a millisecond. */
const slow = Buffer.from(`From: eve@evil.example\r\n\r\n${"x\r\n".repeat(250_000)}`);

describe("the parsing thread", () => {
  test("gives what the parser gives, in the order asked", async () => {
    await using parser = createMailParser();
    const bomb = Buffer.from(bombs["5000 parts"]?.() ?? "");
    const views = await Promise.all([parser.parse(share), parser.parse(bomb), parser.parse(share)]);
    expect(views).toEqual([await parseMail(share), await parseMail(bomb), await parseMail(share)]);
  });

  test("leaves the body of a mail alone where asked to", async () => {
    await using parser = createMailParser();
    expect(await parser.parse(share, { headersOnly: true })).toMatchObject({
      subject: "Plans",
      texts: [],
      problems: [],
    });
  });

  test("is stopped over a mail that takes too long; its header fields stay, and the next mail is read", async () => {
    await using parser = createMailParser({ timeMs: 1, heapMb: limits.parseHeapMb });
    const view = await parser.parse(slow);
    expect(view.problems[0]).toBe("body: parser stopped after 0.001 s");
    expect(view.headers).toEqual([{ name: "from", value: "eve@evil.example" }]);
    await using patient = createMailParser();
    expect(await patient.parse(slow)).toMatchObject({
      from: [{ address: "eve@evil.example" }],
      problems: [],
    });
  });

  test("that is closed says so, and that it is no fault of the mail", async () => {
    const parser = createMailParser();
    const open = parser.parse(share);
    const closed = expect(open).rejects.toThrow(MailParserError);
    await parser[Symbol.asyncDispose]();
    await closed;
    await expect(parser.parse(share)).rejects.toMatchObject({ temporary: true });
  });

  test("does not keep the process alive once it has nothing to do", () => {
    const module = new URL("../../src/mail/mail-parser.ts", import.meta.url).href;
    const program = `import { createMailParser } from ${JSON.stringify(module)};
      const view = await createMailParser().parse(Buffer.from("Subject: alive\\n\\nx"));
      console.log(view.subject);`;
    const ended = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
      encoding: "utf8",
      timeout: 60_000,
    });
    expect(ended).toMatchObject({ status: 0, stdout: "alive\n" });
  });
});
