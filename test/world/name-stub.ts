import { createSocket, type RemoteInfo } from "node:dgram";
import { once } from "node:events";
import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

/** What the name server says about a name: addresses, another name (CNAME), or an RFC 1035 failure. */
export type NameAnswer =
  | readonly string[]
  | { readonly cname: string; readonly addresses: readonly string[] }
  | "NXDOMAIN"
  | "SERVFAIL"
  | "silence";

export interface NameStub extends AsyncDisposable {
  /** For `setServers`. */
  readonly server: string;
  /** Names asked for, with the type of record, in order. */
  readonly questions: readonly string[];
  /** The next answer of a name; where several are given, each round of A and AAAA takes one and the last one stays. */
  set(name: string, ...answers: readonly NameAnswer[]): void;
}

const types: Readonly<Record<number, "A" | "AAAA">> = { 1: "A", 28: "AAAA" };
const codes = { NXDOMAIN: 3, SERVFAIL: 2 };

/** A name server on loopback that knows only what it is told, with a time to live of 0 (RFC 1035 section 4.1). */
export async function startNameStub(): Promise<NameStub> {
  const zone = new Map<string, NameAnswer[]>();
  const rounds = new Map<string, number>();
  const questions: string[] = [];
  const socket = createSocket("udp4");
  socket.on("message", (query: Buffer, from: RemoteInfo) => {
    const question = readQuestion(query);
    const type = types[question.type];
    if (type === undefined) return;
    questions.push(`${type} ${question.name}`);
    const asked = `${type} ${question.name}`;
    const round = rounds.get(asked) ?? 0;
    rounds.set(asked, round + 1);
    const answers = zone.get(question.name) ?? ["NXDOMAIN"];
    const answer = answers[Math.min(round, answers.length - 1)] ?? "NXDOMAIN";
    if (answer !== "silence")
      socket.send(writeAnswer(query, question, type, answer), from.port, from.address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return {
    server: `127.0.0.1:${socket.address().port}`,
    questions,
    set: (name, ...answers) => {
      zone.set(name, [...answers]);
      for (const type of ["A", "AAAA"]) rounds.delete(`${type} ${name}`);
    },
    [Symbol.asyncDispose]: async () => {
      const closed = once(socket, "close");
      socket.close();
      await closed;
    },
  };
}

interface Question {
  readonly name: string;
  readonly type: number;
  /** Where the question section ends. */
  readonly end: number;
}

function readQuestion(query: Buffer): Question {
  const labels: string[] = [];
  let at = 12;
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length).toLowerCase());
    at += 1 + length;
  }
  return { name: labels.join("."), type: query.readUInt16BE(at + 1), end: at + 5 };
}

function writeAnswer(
  query: Buffer,
  question: Question,
  type: "A" | "AAAA",
  answer: Exclude<NameAnswer, "silence">,
): Buffer {
  const isFailure = typeof answer === "string";
  const records = isFailure ? [] : recordsOf(question.name, type, answer);
  const header = Buffer.alloc(12);
  query.copy(header, 0, 0, 2);
  header.writeUInt16BE(0x8180 | (isFailure ? codes[answer] : 0), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  return Buffer.concat([header, query.subarray(12, question.end), ...records]);
}

function recordsOf(
  name: string,
  type: "A" | "AAAA",
  answer: Exclude<NameAnswer, "silence" | "NXDOMAIN" | "SERVFAIL">,
): Buffer[] {
  const [addresses, cname] = "cname" in answer ? [answer.addresses, answer.cname] : [answer, null];
  const family = type === "A" ? 4 : 6;
  const [owner, code] = [encodeName(cname ?? name), type === "A" ? 1 : 28];
  const found = addresses.filter((address) => isIP(address) === family);
  const values = found.map((address) =>
    record(owner, code, Buffer.from(ipaddr.parse(address).toByteArray())),
  );
  return cname === null ? values : [record(encodeName(name), 5, encodeName(cname)), ...values];
}

function record(owner: Buffer, type: number, value: Buffer): Buffer {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(type, 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt16BE(value.length, 8);
  return Buffer.concat([owner, fixed, value]);
}

function encodeName(name: string): Buffer {
  const labels = name
    .split(".")
    .map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  return Buffer.concat([...labels, Buffer.from([0])]);
}
