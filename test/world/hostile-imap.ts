import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";

/** What the server does wrong; `ok` does nothing wrong (reference/security.md 8.2). */
export type ImapMode =
  | "ok"
  /** One CAPABILITY line of 3000 times 64 KiB. */
  | "bigcap"
  /** Ten million EXISTS lines before the answer to the login. */
  | "flood"
  /** No answer to the login. */
  | "hang"
  /** BYE instead of an answer to the login. */
  | "bye"
  /** Announces a literal of 300 MB in a FETCH. */
  | "bigliteral"
  /** Announces 100 bytes, sends 3, and resets. */
  | "torn"
  /** Answers a FETCH of one UID with UID 999. */
  | "wronguid"
  /** Logs the client in by its greeting, as nobody knows whom. */
  | "preauth"
  /** Floods an idle client. */
  | "idleflood"
  /** Refuses UID FETCH where the range holds `refusedUid`. */
  | "refused"
  /** NO with this response code to every login. */
  | "AUTHENTICATIONFAILED"
  | "LIMIT"
  | "UNAVAILABLE";

export interface HostileImap extends AsyncDisposable {
  readonly host: "127.0.0.1";
  readonly port: number;
  mode: ImapMode;
  /** UIDs of the mails that it claims to have. */
  uids: number[];
  refusedUid: number;
  /** Every command line that came in, without its tag. */
  readonly commands: readonly string[];
  /** Logins that were tried. */
  readonly logins: number;
  readonly connections: number;
}

const shareHeader = "X-Open-Xchange-Share-URL: https://ox.example.org/ajax/share/1\r\n\r\n";

/** A small IMAP server on loopback with a breach of the protocol built in. */
export async function startHostileImap(mode: ImapMode = "ok"): Promise<HostileImap> {
  const server = new HostileServer(mode);
  await server.listen();
  return server;
}

class HostileServer implements HostileImap {
  readonly host = "127.0.0.1";
  port = 0;
  mode: ImapMode;
  uids = [1];
  refusedUid = 0;
  readonly commands: string[] = [];
  logins = 0;
  connections = 0;
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((socket) => this.#serve(socket));

  constructor(mode: ImapMode) {
    this.mode = mode;
  }

  async listen(): Promise<void> {
    this.#server.listen(0, this.host);
    await once(this.#server, "listening");
    this.port = (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #serve(socket: Socket): void {
    this.connections += 1;
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    socket.write(this.mode === "preauth" ? "* PREAUTH welcome\r\n" : "* OK ready\r\n");
    let awaited: string | null = null;
    createInterface({ input: socket }).on("line", (line) => {
      if (awaited !== null) {
        const tag = awaited;
        awaited = null;
        if (line === "DONE") socket.write(`${tag} OK idle ended\r\n`);
        else void this.#login(socket, tag);
        return;
      }
      const [tag = "", command = "", ...rest] = line.split(" ");
      this.commands.push([command, ...rest].join(" "));
      if (command === "IDLE" || command === "AUTHENTICATE") {
        awaited = tag;
        socket.write("+ go on\r\n");
        if (command === "IDLE" && this.mode === "idleflood") void flood(socket);
        return;
      }
      this.#answer(socket, tag, command, rest.join(" "));
    });
  }

  #answer(socket: Socket, tag: string, command: string, rest: string): void {
    switch (command) {
      case "CAPABILITY":
        void this.#capability(socket, tag);
        return;
      case "EXAMINE":
        socket.write(`* ${this.uids.length} EXISTS\r\n* OK [UIDVALIDITY 7] -\r\n`);
        socket.write(`* OK [UIDNEXT ${Math.max(0, ...this.uids) + 1}] -\r\n${tag} OK [READ-ONLY] done\r\n`);
        return;
      case "LIST":
        socket.write(`* LIST () "/" INBOX\r\n${tag} OK done\r\n`);
        return;
      case "UID":
      case "FETCH":
        this.#fetch(socket, tag, rest);
        return;
      case "LOGOUT":
        socket.end(`* BYE\r\n${tag} OK done\r\n`);
        return;
      default:
        socket.write(`${tag} OK done\r\n`);
    }
  }

  async #capability(socket: Socket, tag: string): Promise<void> {
    if (this.mode === "bigcap") {
      socket.write("* CAPABILITY IMAP4rev1");
      const piece = Buffer.alloc(64 * 1024, " X");
      for (let count = 0; count < 3000 && !socket.destroyed; count += 1) await send(socket, piece);
    }
    socket.write(`* CAPABILITY IMAP4rev1 IDLE AUTH=PLAIN\r\n${tag} OK done\r\n`);
  }

  async #login(socket: Socket, tag: string): Promise<void> {
    this.logins += 1;
    const refusal = ["AUTHENTICATIONFAILED", "LIMIT", "UNAVAILABLE"].find((code) => code === this.mode);
    if (refusal !== undefined) socket.write(`${tag} NO [${refusal}] no\r\n`);
    else if (this.mode === "bye") socket.write("* BYE go away\r\n");
    else if (this.mode === "flood") await flood(socket);
    else if (this.mode !== "hang") socket.write(`${tag} OK logged in\r\n`);
  }

  #fetch(socket: Socket, tag: string, rest: string): void {
    const isUid = rest.startsWith("FETCH ");
    const [range = ""] = rest.replace(/^FETCH /, "").split(" ");
    const [from = 0, to = from] = range.split(":").map(Number);
    if (this.mode === "bigliteral") socket.write("* 1 FETCH (UID 1 BODY[] {300000000}\r\n");
    else if (this.mode === "torn") {
      socket.write("* 1 FETCH (UID 1 BODY[] {100}\r\nabc", () => socket.resetAndDestroy());
    } else if (this.mode === "refused" && from <= this.refusedUid && this.refusedUid <= to) {
      socket.write(`${tag} NO damaged\r\n`);
    } else {
      const asked = this.uids.filter((uid, index) => isWithin(isUid ? uid : index + 1, from, to));
      for (const uid of asked) socket.write(this.#row(uid, rest));
      socket.write(`${tag} OK done\r\n`);
    }
  }

  #row(uid: number, question: string): string {
    const shown = this.mode === "wronguid" ? 999 : uid;
    const item = question.includes("HEADER") ? "BODY[HEADER.FIELDS (X)]<0>" : "BODY[]<0>";
    const start = `* ${this.uids.indexOf(uid) + 1} FETCH (UID ${shown} RFC822.SIZE 99`;
    return `${start} ${item} {${shareHeader.length}}\r\n${shareHeader})\r\n`;
  }
}

function isWithin(number: number, from: number, to: number): boolean {
  return number >= from && number <= to;
}

async function flood(socket: Socket): Promise<void> {
  const lines = Buffer.from("* 1 EXISTS\r\n".repeat(1000));
  for (let count = 0; count < 10_000 && !socket.destroyed; count += 1) await send(socket, lines);
}

async function send(socket: Socket, bytes: Buffer): Promise<void> {
  if (socket.write(bytes)) {
    await new Promise((resolve) => setImmediate(resolve));
    return;
  }
  await Promise.race([once(socket, "drain"), once(socket, "close")]).catch(() => undefined);
}
