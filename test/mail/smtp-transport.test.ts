import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Secret } from "../../src/config/secret.ts";
import type { Smtp } from "../../src/config/config.ts";
import { createSmtpTransport } from "../../src/mail/smtp-transport.ts";
import type { MailTransport, OutgoingMail, Receipt } from "../../src/mail/transport.ts";
import { startFaultProxy } from "../world/fault-proxy.ts";
import {
  type ScriptedReply,
  type ScriptedSmtp,
  type SmtpPhase,
  startScriptedSmtp,
} from "../world/scripted-smtp.ts";

const mail: OutgoingMail = {
  from: "share@example.org",
  to: "bob@example.net",
  raw: Buffer.from("Subject: hello\r\n\r\n.a line that begins with a dot\r\nend\r\n"),
};

let server: ScriptedSmtp;
let transport: MailTransport;

function smtpAt(port: number, change: Partial<Smtp> = {}): Smtp {
  const from = { name: "Example", address: "share@example.org" };
  const plain = { tls: "none", ca: null, login: null, password: null } as const;
  const letters = { from, bounces: null, deliveryReports: "failures", dkim: null } as const;
  return { host: "127.0.0.1", port, ...plain, ...letters, ...change };
}

function useTransport(smtp: Smtp | null): void {
  transport = createSmtpTransport(() => smtp);
}

async function send(outgoing: OutgoingMail = mail): Promise<Receipt> {
  return transport.send(outgoing, AbortSignal.timeout(60_000));
}

/** The script that says one thing at one phase, each time. */
function at(phase: SmtpPhase, reply: ScriptedReply): void {
  server.setScript((asked) => (asked === phase ? reply : null));
}

beforeEach(async () => {
  server = await startScriptedSmtp();
  useTransport(smtpAt(server.port));
});

afterEach(async () => {
  await transport[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

describe("a mail server that takes the mail", () => {
  it("gets the very bytes, for the one recipient of the envelope", async () => {
    expect(await send()).toMatchObject({ kind: "accepted", reply: expect.stringContaining("250 2.0.0") });
    expect(server.mails).toEqual([
      { from: mail.from, to: [mail.to], raw: mail.raw.toString(), acknowledged: true },
    ]);
  });

  it("is not connected to anew for the next mail", async () => {
    for (let count = 0; count < 5; count += 1) expect((await send()).kind).toBe("accepted");
    expect(server.count("greeting")).toBe(1);
    expect(server.mails).toHaveLength(5);
  });

  it("gets the mail over a new connection when it closed the idle one, or says so only at the next mail", async () => {
    await send();
    server.setScript((phase, before) =>
      phase === "mail" && before === 1 ? "421 4.4.2 idle too long" : null,
    );
    expect((await send()).kind).toBe("accepted");
    server.setScript((phase, before) => (phase === "mail" && before === 3 ? { instead: "reset" } : null));
    expect((await send()).kind).toBe("accepted");
    expect(server.count("greeting")).toBe(3);
  });

  it("is told before the first byte leaves, and gets none when that is refused", async () => {
    const receipt = await transport.send(mail, AbortSignal.timeout(60_000), async () => {
      expect(server.count("data")).toBe(1);
      expect(server.mails).toHaveLength(0);
      throw new Error("the store is full");
    });
    expect(receipt).toEqual({ kind: "temporary", code: null, reply: "the store is full" });
    expect((await send()).kind).toBe("accepted");
    expect(server.mails).toHaveLength(1);
  });
});

describe("what a reply means", () => {
  it.each<[SmtpPhase, string, Receipt["kind"], number | null]>([
    ["greeting", "554 5.7.1 go away", "temporary", 554],
    ["greeting", "421 4.3.2 too busy", "temporary", 421],
    ["ehlo", "421 4.3.2 too busy", "temporary", 421],
    ["mail", "451 4.3.0 try later", "temporary", 451],
    ["mail", "550 5.7.1 sender refused", "permanent", 550],
    ["mail", "552 5.3.4 too big", "permanent", 552],
    ["mail", "530 5.7.0 authentication required", "temporary", 530],
    ["mail", "503 5.5.1 bad sequence", "temporary", 503],
    ["rcpt", "450 4.2.0 greylisted", "temporary", 450],
    ["rcpt", "550 5.1.1 no such user", "permanent", 550],
    ["rcpt", "421 4.3.2 shutting down", "temporary", 421],
    ["data", "451 4.3.0 try later", "temporary", 451],
    ["data", "554 5.6.0 no", "permanent", 554],
    ["content", "452 4.3.1 disk full", "temporary", 452],
    ["content", "421 4.3.2 shutting down", "temporary", 421],
    ["content", "554 5.7.1 looks like spam", "permanent", 554],
    ["content", "503 5.5.1 out of step", "temporary", 503],
    ["content", "354 go on", "unknown", null],
  ])("at %s, %s: %s", async (phase, reply, kind, code) => {
    for (const extensions of [["PIPELINING", "SMTPUTF8"], []]) {
      server.setExtensions(extensions);
      at(phase, reply);
      const receipt = await send();
      expect(receipt.kind).toBe(kind);
      if ("code" in receipt) expect(receipt.code).toBe(code);
      server.setScript(null);
      expect((await send()).kind).toBe("accepted");
      await transport[Symbol.asyncDispose]();
      useTransport(smtpAt(server.port));
    }
  });

  it("is kept without addresses, control characters or endless length", async () => {
    at("rcpt", `550 5.1.1 <bob@example.net>: \u0007user unknown ${"x".repeat(5000)}`);
    const { reply } = await send();
    expect(reply).toContain("550 5.1.1 <…@…>: user unknown");
    expect(reply.length).toBeLessThanOrEqual(300);
  });
});

describe("a connection that breaks", () => {
  it.each<[SmtpPhase, Receipt["kind"]]>([
    ["greeting", "temporary"],
    ["ehlo", "temporary"],
    ["mail", "temporary"],
    ["rcpt", "temporary"],
    ["data", "temporary"],
    ["content", "unknown"],
  ])("instead of the reply at %s: %s", async (phase, kind) => {
    for (const instead of ["reset", "close"] as const) {
      at(phase, { instead });
      expect((await send()).kind).toBe(kind);
    }
  });

  it("in the middle of the message: unknown", async () => {
    const raw = Buffer.from(`Subject: long\r\n\r\n${"line of text\r\n".repeat(200_000)}`);
    await using proxy = await startFaultProxy({
      to: server,
      plan: ({ direction, seen }) => (direction === "up" && seen > 100_000 ? { cutAt: 10 } : null),
    });
    useTransport(smtpAt(proxy.port));
    expect((await send({ ...mail, raw })).kind).toBe("unknown");
    expect(server.mails).toHaveLength(0);
  });

  it("just before the 250 reaches Usher: unknown, and the server has the mail", async () => {
    await using proxy = await startFaultProxy({
      to: server,
      plan: ({ direction, bytes }) =>
        direction === "down" && bytes.toString().includes("queued as") ? { cutAt: 0 } : null,
    });
    useTransport(smtpAt(proxy.port));
    expect((await send()).kind).toBe("unknown");
    expect(server.mails).toMatchObject([{ acknowledged: true }]);
  });

  it("never was one: temporary, and the reply names no secret", async () => {
    const port = server.port;
    await server[Symbol.asyncDispose]();
    useTransport(smtpAt(port, { login: "usher", password: new Secret("hush-hush") }));
    const receipt = await send();
    expect(receipt).toMatchObject({ kind: "temporary", code: null });
    expect(JSON.stringify(receipt)).not.toContain("hush-hush");
    server = await startScriptedSmtp();
  });
});

describe("a stop", () => {
  it.each<[SmtpPhase, Receipt["kind"]]>([
    ["greeting", "temporary"],
    ["mail", "temporary"],
    ["content", "unknown"],
  ])("while the server is silent at %s: %s at once", async (phase, kind) => {
    at(phase, { instead: "silence" });
    const stop = new AbortController();
    const sending = transport.send(mail, stop.signal);
    while (server.count(phase) === 0) await new Promise((resolve) => setImmediate(resolve));
    stop.abort();
    expect((await sending).kind).toBe(kind);
  });
});

describe("an address beyond ASCII", () => {
  const toÅlice = { ...mail, to: "ålice@example.net" };

  it("is sent to a server that offers SMTPUTF8", async () => {
    expect((await send(toÅlice)).kind).toBe("accepted");
    expect(server.mails[0]?.to).toEqual(["ålice@example.net"]);
  });

  it("is refused for good, with a reason, where the server does not", async () => {
    server.setExtensions(["PIPELINING"]);
    expect(await send(toÅlice)).toMatchObject({
      kind: "permanent",
      code: 553,
      reply: expect.stringContaining("does not offer SMTPUTF8"),
    });
    expect(server.count("mail")).toBe(0);
  });
});

describe("delivery reports", () => {
  const named: OutgoingMail = { ...mail, to: "bob+x@example.net", envelopeId: "i0123456789" };
  const size = `SIZE=${mail.raw.length}`;

  it("are asked for by name where the server offers them: failures and delays", async () => {
    server.setExtensions(["DSN", "SIZE 10240000"]);
    await send(named);
    expect(server.envelopes).toEqual([
      `MAIL FROM:<share@example.org> ${size} RET=HDRS ENVID=i0123456789`,
      "RCPT TO:<bob+x@example.net> NOTIFY=FAILURE,DELAY ORCPT=rfc822;bob+2Bx@example.net",
    ]);
  });

  it("are asked for of success as well where the configuration says all", async () => {
    server.setExtensions(["DSN"]);
    useTransport(smtpAt(server.port, { deliveryReports: "all" }));
    await send(named);
    expect(server.envelopes[1]).toContain(" NOTIFY=SUCCESS,FAILURE,DELAY ");
  });

  it("name no original recipient beyond ASCII", async () => {
    server.setExtensions(["DSN", "SMTPUTF8"]);
    await send({ ...named, to: "ålice@example.net" });
    expect(server.envelopes).toEqual([
      "MAIL FROM:<share@example.org> SMTPUTF8 RET=HDRS ENVID=i0123456789",
      "RCPT TO:<ålice@example.net> NOTIFY=FAILURE,DELAY",
    ]);
  });

  it("are not spoken of to a server that does not offer them, nor for a mail without a name", async () => {
    await send(named);
    server.setExtensions(["DSN"]);
    await transport[Symbol.asyncDispose]();
    await send();
    expect(server.envelopes.join()).not.toMatch(/RET=|ENVID=|NOTIFY=|ORCPT=/);
  });
});

describe("the configuration", () => {
  it("may lack a mail server: the mail waits", async () => {
    useTransport(null);
    expect(await send()).toMatchObject({ kind: "temporary", reply: expect.stringContaining("smtp.host") });
  });

  it("may ask for a login: it comes first, and one that is refused says nothing about the mail", async () => {
    server.setExtensions(["AUTH PLAIN", "SMTPUTF8"]);
    useTransport(smtpAt(server.port, { login: "usher", password: new Secret("hush-hush") }));
    expect((await send()).kind).toBe("accepted");
    expect(server.logins).toEqual(["\0usher\0hush-hush"]);
    await transport[Symbol.asyncDispose]();
    at("auth", "535 5.7.8 wrong password");
    const receipt = await send();
    expect(receipt).toMatchObject({ kind: "temporary", code: 535 });
    expect(JSON.stringify(receipt)).not.toContain("hush-hush");
    expect(server.mails).toHaveLength(1);
  });

  it("that asks for STARTTLS is not satisfied with less", async () => {
    useTransport(smtpAt(server.port, { tls: "starttls" }));
    expect((await send()).kind).toBe("temporary");
    expect(server.count("mail")).toBe(0);
  });
});
