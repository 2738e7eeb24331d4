import { unreachable } from "../../src/domain/unreachable.ts";
import type { Dovecot } from "../world/dovecot.ts";
import type { FaultPlan, FaultProxy } from "../world/fault-proxy.ts";
import type { Fault } from "../world/faulty-answers.ts";
import type { OxOrigin } from "../world/ox/origin.ts";
import type { Place } from "../world/ox/server.ts";
import type { ScriptedSmtp, SmtpPhase, SmtpScript } from "../world/scripted-smtp.ts";

/** What the servers do wrong during one life of the daemon, and where it is killed. */
export interface Trouble {
  readonly origin: OriginTrouble | null;
  readonly smtp: SmtpTrouble | null;
  /** Dovecot ends after so many milliseconds, and comes back after as many again. */
  readonly dovecotAwayMs: number | null;
  /** Time flies: work that failed is tried again at once. */
  readonly isHasty: boolean;
  readonly kill: Kill;
}

type OriginTrouble =
  | { readonly kind: "down" }
  | { readonly kind: "fault"; readonly fault: Fault; readonly where: Place | "all"; readonly times: number };

type SmtpTrouble =
  | { readonly kind: "reply"; readonly phase: SmtpPhase; readonly reply: string }
  /** The connection ends before the reply to the whole message gets through. */
  | { readonly kind: "lost-receipt" }
  /** The connection ends within the message, at this share of a chunk. */
  | { readonly kind: "cut-content"; readonly at: number };

/** Moments that random times seldom meet are aimed at. */
export type Kill =
  | { readonly kind: "after"; readonly ms: number }
  | { readonly kind: "at-smtp"; readonly phase: SmtpPhase }
  | { readonly kind: "at-origin"; readonly requests: number };

/** Servers that can be troubled. */
export interface Servers {
  readonly origin: OxOrigin;
  readonly dovecot: Dovecot;
  readonly smtp: ScriptedSmtp;
  /** Before `smtp`. */
  readonly proxy: FaultProxy;
}

type Random = () => number;

/** The lives of a run; every tenth is one in which no receipt ever arrives, however often Usher tries. */
export function drawTrouble(random: Random, life: number): Trouble {
  return life % 10 === 5 ? deafLife : drawnTrouble(random);
}

const deafLife: Trouble = {
  origin: null,
  smtp: { kind: "lost-receipt" },
  dovecotAwayMs: null,
  isHasty: true,
  kill: { kind: "after", ms: 6000 },
};

function drawnTrouble(random: Random): Trouble {
  return {
    origin: random() < 0.5 ? null : drawOriginTrouble(random),
    smtp: random() < 0.5 ? null : drawSmtpTrouble(random),
    dovecotAwayMs: random() < 0.75 ? null : Math.round(random() * 400),
    isHasty: random() < 0.3,
    kill: drawKill(random),
  };
}

function drawOriginTrouble(random: Random): OriginTrouble {
  if (random() < 0.15) return { kind: "down" };
  const faults: readonly Fault[] = [
    { kind: "lost-answer" },
    { kind: "lost-answer" },
    { kind: "hang-up" },
    { kind: "status", status: 503, retryAfter: null },
    { kind: "status", status: 503, retryAfter: "1" },
    { kind: "nonsense" },
    { kind: "slow", ms: 150 },
    { kind: "slow", ms: 400 },
  ];
  const fault = pick(faults, random);
  // A page in place of a redirect says for good that the link is no share.
  const places: readonly (Place | "all")[] =
    fault.kind === "nonsense"
      ? ["login", "logout", "api"]
      : ["link", "redeem", "login", "logout", "api", "all"];
  return { kind: "fault", fault, where: pick(places, random), times: 1 + Math.floor(random() * 3) };
}

function drawSmtpTrouble(random: Random): SmtpTrouble {
  const troubles: readonly SmtpTrouble[] = [
    { kind: "lost-receipt" },
    { kind: "cut-content", at: random() },
    { kind: "reply", phase: "greeting", reply: "421 4.3.2 Shutting down" },
    { kind: "reply", phase: "rcpt", reply: "450 4.2.1 Try again later" },
    { kind: "reply", phase: "content", reply: "451 4.3.0 Local error" },
  ];
  return pick(troubles, random);
}

function drawKill(random: Random): Kill {
  const kind = random();
  if (kind < 0.2) return { kind: "at-smtp", phase: pick(["mail", "data", "content"], random) };
  if (kind < 0.4) return { kind: "at-origin", requests: 1 + Math.floor(random() * 8) };
  return { kind: "after", ms: Math.round(random() * 1800) };
}

/** Begins the trouble of one life. `atPhase` is told of each phase that the SMTP server reaches. */
export async function begin(
  trouble: Trouble,
  servers: Servers,
  atPhase: (phase: SmtpPhase) => void,
): Promise<void> {
  const { origin, smtp } = trouble;
  if (origin?.kind === "down") await servers.origin.goDown();
  if (origin?.kind === "fault") servers.origin.misbehave(origin.fault, origin.where, origin.times);
  servers.smtp.setScript(scriptOf(smtp, atPhase));
  servers.proxy.setPlan(smtp === null ? null : planOf(smtp));
}

/** All is well again. */
export async function end(servers: Servers): Promise<void> {
  servers.origin.behave();
  await servers.origin.comeUp();
  servers.smtp.setScript(null);
  servers.proxy.setPlan(null);
  await servers.dovecot.start();
}

function scriptOf(trouble: SmtpTrouble | null, atPhase: (phase: SmtpPhase) => void): SmtpScript {
  return (phase) => {
    atPhase(phase);
    return trouble?.kind === "reply" && trouble.phase === phase ? trouble.reply : null;
  };
}

/** Longer than any command, and shorter than any message. */
const longestCommandBytes = 600;

function planOf(trouble: SmtpTrouble): FaultPlan | null {
  switch (trouble.kind) {
    case "lost-receipt":
      return ({ direction, bytes }) =>
        direction === "down" && bytes.includes("queued as") ? { cutAt: 0 } : null;
    case "cut-content":
      return ({ direction, bytes }) =>
        direction === "up" && bytes.length > longestCommandBytes
          ? { cutAt: Math.floor(trouble.at * bytes.length) }
          : null;
    case "reply":
      return null;
    default:
      return unreachable(trouble);
  }
}

function pick<Value>(values: readonly Value[], random: Random): Value {
  const value = values[Math.floor(random() * values.length)];
  if (value === undefined) throw new Error("There is nothing to pick from.");
  return value;
}
