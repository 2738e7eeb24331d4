import { pino } from "pino";
import { redactFields, redactText } from "./redact.ts";

type LogLevel = "debug" | "info" | "warn" | "error";
type LogFields = Readonly<Record<string, unknown>>;

/** What every room may say. Events are kebab-case; fields pass the redactor. Never throws. */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

interface LogSettings {
  readonly level: LogLevel;
  readonly format: "json" | "text";
  /** Takes one line without its line end. */
  readonly write: (line: string) => void;
}

/** A log whose level and format can change while the daemon runs. */
export interface AdjustableLog extends Log {
  adjust(settings: Pick<LogSettings, "level" | "format">): void;
}

/** Names that a line itself uses. */
const ownNames = new Set(["level", "time", "event"]);

/** A log that writes one line per event: JSON, or text for a terminal. */
export function createLog(settings: LogSettings): AdjustableLog {
  let format = settings.format;
  const target = {
    write: (line: string) => settings.write(format === "json" ? line.trimEnd() : textLine(line)),
  };
  const logger = pino(
    {
      level: settings.level,
      base: null,
      messageKey: "event",
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (level) => ({ level }) },
    },
    target,
  );
  function say(level: LogLevel, event: string, fields: LogFields = {}): void {
    if (logger.isLevelEnabled(level))
      logger[level](withOwnNamesFree(redactFields(fields)), redactText(event));
  }
  return {
    debug: (event, fields) => say("debug", event, fields),
    info: (event, fields) => say("info", event, fields),
    warn: (event, fields) => say("warn", event, fields),
    error: (event, fields) => say("error", event, fields),
    adjust(next) {
      logger.level = next.level;
      format = next.format;
    },
  };
}

function withOwnNamesFree(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [ownNames.has(name) ? `${name}_` : name, value]),
  );
}

/** `2026-11-20T10:00:00.000Z WARN mailbox-unreachable mailbox=m1 reason="connection refused"`. */
function textLine(json: string): string {
  const line: unknown = JSON.parse(json);
  const { level, time, event, ...fields } = typeof line === "object" && line !== null ? asRecord(line) : {};
  const words = Object.entries(fields).map(([name, value]) => `${name}=${textValue(value)}`);
  return [String(time), String(level).toUpperCase().padEnd(5), String(event), ...words].join(" ");
}

function asRecord(value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value));
}

/** Plain words stay bare; all else is quoted as JSON, with control and bidirectional characters escaped. */
function textValue(value: unknown): string {
  const text = typeof value === "string" && /^[\w@.:/+…-]+$/.test(value) ? value : JSON.stringify(value);
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, escaped);
}

function escaped(character: string): string {
  return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`;
}
