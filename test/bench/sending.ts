import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { createTransport } from "nodemailer";
import { createSmtpTransport } from "../../src/mail/smtp-transport.ts";
import { smtpAt } from "../sharing/parts.ts";
import type { Own } from "../world/curtain.ts";
import { findProgram } from "../world/packages.ts";
import { freePorts } from "../world/ports.ts";
import { type Contest, rateOf } from "./measure.ts";
import { ordinaryMail } from "./ordinary-mail.ts";

const mails = 600;
/** As many as Usher keeps open (limits.jobsPerLane). */
const connections = 2;
const from = "share@example.org";
const to = "bob@example.net";

/** The same constant message over as many connections to the same sink, a process of its own. */
export async function sendingContests(own: Own): Promise<readonly Contest[]> {
  const { port } = await own(startSink);
  const raw = Buffer.from(ordinaryMail(1));
  return [
    {
      name: "Sending 20 kB mails, each with its receipt",
      unit: "mails/s",
      goal: 0.85,
      rounds: 5,
      ours: async () => sendWithUsher(port, raw),
      baseline: {
        name: `nodemailer's pool of ${connections}, a constant message`,
        rate: async () => sendWithPool(port, raw),
      },
    },
  ];
}

async function sendWithUsher(port: number, raw: Buffer): Promise<number> {
  const smtp = smtpAt(port);
  await using transport = createSmtpTransport(() => smtp);
  const { signal } = new AbortController();
  return await rateOf(mails, async () => {
    await inTurns(async () => {
      const receipt = await transport.send({ from, to, raw }, signal);
      if (receipt.kind !== "accepted") throw new Error(`The sink said: ${receipt.reply}`);
    });
  });
}

async function sendWithPool(port: number, raw: Buffer): Promise<number> {
  const transport = createTransport({
    host: "127.0.0.1",
    port,
    ignoreTLS: true,
    pool: true,
    maxConnections: connections,
    maxMessages: Number.POSITIVE_INFINITY,
  });
  try {
    return await rateOf(mails, async () => {
      await inTurns(async () => transport.sendMail({ envelope: { from, to: [to] }, raw }));
    });
  } finally {
    transport.close();
  }
}

/** Sends all mails, so many at a time. */
async function inTurns(send: () => Promise<unknown>): Promise<void> {
  let left = mails;
  const lanes = Array.from({ length: connections }, async () => {
    while (left-- > 0) await send();
  });
  await Promise.all(lanes);
}

async function startSink(): Promise<AsyncDisposable & { readonly port: number }> {
  const program = await findProgram("smtp-sink", ["postfix"]);
  const [port = 0] = await freePorts(1);
  // smtp-sink refuses to be root.
  const identity = process.getuid?.() === 0 ? ["--reuid", "65534", "--regid", "65534", "--clear-groups"] : [];
  const args = [
    ...identity,
    "--pdeathsig",
    "TERM",
    program,
    "-h",
    "sink.example.org",
    `127.0.0.1:${port}`,
    "100",
  ];
  const child = spawn("setpriv", args, { stdio: "ignore" });
  const ended = once(child, "exit");
  for (let tries = 0; tries < 200 && !(await accepts(port)); tries += 1) await wait(25);
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect({ host: "127.0.0.1", port });
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
