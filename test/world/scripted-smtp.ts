import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";

/** Where in the conversation a reply is due (RFC 5321 section 4.3.2). */
export type SmtpPhase = "greeting" | "ehlo" | "auth" | "mail" | "rcpt" | "data" | "content";

/** A whole reply line, or what happens instead of a reply. */
export type ScriptedReply = string | { readonly instead: "reset" | "close" | "silence" };

/** Asked at each phase, with the number of times that phase was reached before; null for the usual reply. */
export type SmtpScript = (phase: SmtpPhase, before: number) => ScriptedReply | null;

export interface ScriptedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** As sent, without dot-stuffing. */
  readonly raw: string;
  /** Whether the client was told 250. */
  readonly acknowledged: boolean;
}

/** An SMTP server on loopback that answers by script, and keeps every message whose final dot it saw. */
export interface ScriptedSmtp extends AsyncDisposable {
  readonly host: "127.0.0.1";
  readonly port: number;
  readonly mails: readonly ScriptedMail[];
  /** MAIL and RCPT as they came, with their parameters. */
  readonly envelopes: readonly string[];
  /** What came with AUTH PLAIN, decoded (RFC 4616). */
  readonly logins: readonly string[];
  /** How often a phase was reached. */
  count(phase: SmtpPhase): number;
  setScript(script: SmtpScript | null): void;
  setExtensions(extensions: readonly string[]): void;
}

const usual: Readonly<Record<Exclude<SmtpPhase, "ehlo">, string>> = {
  greeting: "220 scripted.example.org ESMTP",
  auth: "235 2.7.0 Authentication successful",
  mail: "250 2.1.0 Ok",
  rcpt: "250 2.1.5 Ok",
  data: "354 End data with <CR><LF>.<CR><LF>",
  content: "250 2.0.0 Ok: queued as SCRIPTED",
};

export async function startScriptedSmtp(script: SmtpScript | null = null): Promise<ScriptedSmtp> {
  const world = new World(script);
  const server = createServer({ noDelay: true }, (socket) => new Conversation(socket, world));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    host: "127.0.0.1",
    port: portOf(server.address()),
    mails: world.mails,
    envelopes: world.envelopes,
    logins: world.logins,
    count: (phase) => world.counts.get(phase) ?? 0,
    setScript: (next) => {
      world.script = next;
    },
    setExtensions: (next) => {
      world.extensions = next;
    },
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of world.sockets) socket.destroy();
      await closed;
    },
  };
}

class World {
  readonly mails: ScriptedMail[] = [];
  readonly envelopes: string[] = [];
  readonly logins: string[] = [];
  readonly counts = new Map<SmtpPhase, number>();
  readonly sockets = new Set<Socket>();
  script: SmtpScript | null;
  extensions: readonly string[] = ["PIPELINING", "SIZE 10240000", "8BITMIME", "SMTPUTF8"];

  constructor(script: SmtpScript | null) {
    this.script = script;
  }

  reply(phase: SmtpPhase): ScriptedReply | null {
    const before = this.counts.get(phase) ?? 0;
    this.counts.set(phase, before + 1);
    return this.script?.(phase, before) ?? null;
  }
}

class Conversation {
  readonly #socket: Socket;
  readonly #world: World;
  #unread = "";
  #isContent = false;
  #from = "";
  #to: string[] = [];

  constructor(socket: Socket, world: World) {
    this.#socket = socket;
    this.#world = world;
    world.sockets.add(socket);
    socket.on("close", () => world.sockets.delete(socket));
    socket.on("error", () => undefined);
    socket.setEncoding("utf8").on("data", (text: string) => {
      this.#unread += text;
      this.#read();
    });
    this.#answer("greeting", usual.greeting);
  }

  #read(): void {
    for (;;) {
      const end = this.#isContent ? "\r\n.\r\n" : "\r\n";
      const at = this.#unread.indexOf(end);
      if (at < 0) return;
      const text = this.#unread.slice(0, at);
      this.#unread = this.#unread.slice(at + end.length);
      if (this.#isContent) this.#keep(text);
      else {
        if (/^(?:MAIL|RCPT) /i.test(text)) this.#world.envelopes.push(text);
        this.#command(text);
      }
    }
  }

  #command(line: string): void {
    const path = /<(.*?)>/.exec(line)?.[1] ?? "";
    switch (line.slice(0, 4).toUpperCase()) {
      case "EHLO":
        return void this.#answer("ehlo", ehloReply(this.#world.extensions));
      case "AUTH":
        this.#world.logins.push(Buffer.from(line.split(" ")[2] ?? "", "base64").toString());
        return void this.#answer("auth", usual.auth);
      case "MAIL":
        this.#from = path;
        this.#to = [];
        return void this.#answer("mail", usual.mail);
      case "RCPT":
        if (this.#answer("rcpt", usual.rcpt)) this.#to.push(path);
        return;
      case "DATA":
        if (this.#to.length === 0) return void this.#socket.write("554 5.5.1 No valid recipients\r\n");
        this.#isContent = this.#answer("data", usual.data);
        return;
      case "QUIT":
        return void this.#socket.end("221 2.0.0 Bye\r\n");
      default:
        this.#socket.write("500 5.5.1 Unknown command\r\n");
    }
  }

  #keep(content: string): void {
    this.#isContent = false;
    const raw = `${content}\r\n`.replaceAll(/^\.\./gm, ".");
    const acknowledged = this.#answer("content", usual.content);
    this.#world.mails.push({ from: this.#from, to: this.#to, raw, acknowledged });
  }

  /** Says what the script wants; whether that was a positive reply. */
  #answer(phase: SmtpPhase, usually: string): boolean {
    const reply = this.#world.reply(phase) ?? usually;
    if (typeof reply === "string") {
      this.#socket.write(`${reply}\r\n`);
      if (reply.startsWith("421")) this.#socket.end();
      return /^[23]/.test(reply);
    }
    if (reply.instead === "reset") this.#socket.resetAndDestroy();
    if (reply.instead === "close") this.#socket.end();
    return false;
  }
}

function ehloReply(extensions: readonly string[]): string {
  const lines = ["scripted.example.org", ...extensions];
  return lines.map((line, place) => `250${place === lines.length - 1 ? " " : "-"}${line}`).join("\r\n");
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string") throw new Error("The server listens at no port.");
  return address.port;
}
