/**
 * The one redactor (reference/security.md, section 7): nothing passes it that lets a reader of logs act as somebody else.
 * It rather hides too much than too little.
 */
import { limits } from "../domain/limits.ts";
import { shortened } from "../domain/share.ts";

const hidden = "[secret]";

/** Names of fields whose value is a secret whatever it looks like; compared in lower case without `-` and `_`. */
const secretName =
  /password|passwd|passphrase|secret|token|authorization|cookie|credential|apikey|privatekey|sharecode|sealed|jsessionid|^(?:pass|pwd|pin|key|auth|session|confirm)$/;
/** Names of fields that hold a share link: only the server is shown. */
const linkName = /^(?:share|guest|invite|invitation)?link$/;

const textRules: readonly (readonly [RegExp, (match: string, ...groups: string[]) => string])[] = [
  [/\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<>\\]+/gi, redactUrl],
  [/(?<![^\s"'(=])(\/[^\s?#"']*)[?#][^\s"']*/g, (_, path) => `${path}?…`],
  [
    /\b((?:proxy-)?authorization|(?:set-)?cookie|x-[a-z-]*(?:token|key))(\s*[:=]).*/gi,
    (_, name) => `${name}: ${hidden}`,
  ],
  [/\b(basic|bearer)\s+[\w+/=.~-]{6,}/gi, (_, scheme) => `${scheme} ${hidden}`],
  [/\b(LOGIN)\s+(?:"(?:[^"\\]|\\.)*"|\S+)\s+.*/g, (_, command) => `${command} ${hidden}`],
  [/\b(AUTH(?:ENTICATE)?\s+[A-Z0-9-]+)\s+\S+/g, (_, command) => `${command} ${hidden}`],
  [
    /\b((?:\w*(?:password|passwd|passphrase|secret|token|sharecode|jsessionid|api_?key))|pass|pwd|pin|session|confirm)(["']?\s*[=:]\s*)(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s,;&]+)/gi,
    (_, name) => `${name}=${hidden}`,
  ],
  [/\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?/g, () => hidden],
  [/(?<![0-9a-f])[0-9a-f]{32,}(?![0-9a-f])/gi, shortened],
];

/** A text without share tokens, query strings, credentials; cut to limits.logTextChars. */
export function redactText(text: string): string {
  let result = text;
  if (text.length > limits.redactedChars) result = text.slice(0, limits.redactedChars).replace(/\S*$/, "…");
  for (const [pattern, replace] of textRules) result = result.replaceAll(pattern, replace);
  return result.length > limits.logTextChars ? `${result.slice(0, limits.logTextChars)}…` : result;
}

/** The fields of a log line as plain JSON values without secrets. Never throws. */
export function redactFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return redactRecord(fields, { depth: 0, seen: new Set<object>([fields]) });
}

interface Place {
  readonly depth: number;
  /** The objects round this one. */
  readonly seen: ReadonlySet<object>;
}

function redactRecord(record: object, place: Place): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const key of Object.keys(record).slice(0, limits.logValues)) {
    result[redactText(key)] = redactNamed(key, readField(record, key), place);
  }
  return result;
}

function readField(record: object, key: string): unknown {
  try {
    return Reflect.get(record, key);
  } catch {
    return "[unreadable]";
  }
}

function redactNamed(key: string, value: unknown, place: Place): unknown {
  const name = key.replaceAll(/[-_]/g, "").toLowerCase();
  if (value === null || value === undefined || typeof value === "boolean") return value;
  if (name === "shareid" && typeof value === "string") return shortened(value);
  if (linkName.test(name) && typeof value === "string") return serverOf(value);
  return secretName.test(name) ? hidden : redactValue(value, place);
}

function redactValue(value: unknown, place: Place): unknown {
  if (typeof value === "string") return redactText(value);
  if (typeof value === "bigint" || typeof value === "symbol") return String(value);
  if (typeof value === "function") return "[function]";
  if (typeof value !== "object" || value === null) return value;
  if (place.seen.has(value)) return "[circular]";
  if (place.depth >= limits.logDepth) return "[too deep]";
  return redactObject(value, { depth: place.depth + 1, seen: new Set([...place.seen, value]) });
}

function redactObject(value: object, place: Place): unknown {
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof Error) return redactError(value, place);
  const list = Array.isArray(value) || value instanceof Set ? [...value] : null;
  if (list !== null) return list.slice(0, limits.logValues).map((entry) => redactValue(entry, place));
  const toJson = readField(value, "toJSON");
  if (typeof toJson !== "function") return redactRecord(value, place);
  try {
    return redactValue(toJson.call(value), place);
  } catch {
    return "[unreadable]";
  }
}

/** Name, message, codes and place of a fault; what a library hangs on its errors besides may hold anything. */
function redactError(error: Error, place: Place): Record<string, unknown> {
  const frames = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  return {
    name: redactText(error.name),
    message: redactText(error.message),
    ...redactCodes(error),
    stack: frames.slice(0, 8).map((line) => redactText(line.trim())),
    ...(error.cause === undefined ? {} : { cause: redactValue(error.cause, place) }),
  };
}

function redactCodes(error: Error): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const name of ["code", "reason", "temporary", "syscall"]) {
    const value = readField(error, name);
    if (typeof value === "string") result[name] = redactText(value);
    if (typeof value === "number" || typeof value === "boolean") result[name] = value;
  }
  return result;
}

/** `https://alice:secret@host/s/token?x#y` becomes `https://host/s/token123…?…`. */
function redactUrl(url: string): string {
  const [, scheme = "", authority = "", path = "", rest = ""] =
    /^([^:]+:\/\/)([^/?#]*)([^?#]*)(.*)$/s.exec(url) ?? [];
  const host = authority.slice(authority.lastIndexOf("@") + 1);
  return scheme + host + redactPath(path) + (rest === "" ? "" : "?…");
}

/** Segments that look random, and those that follow a word that announces a share, are shortened. */
function redactPath(path: string): string {
  const segments = path.split("/");
  return segments
    .map((segment, index) => {
      const isAnnounced = /^(?:s|share|shares|invite|join|public|shared|link|links)$/i.test(
        segments[index - 1] ?? "",
      );
      const looksRandom = /^(?=.*\d)(?=.*[a-z])[\w~%=-]{16,}$/i.test(segment);
      return segment !== "" && (isAnnounced || looksRandom) ? hint(segment) : segment;
    })
    .join("/");
}

/** OX tokens are known by their first eight digits; shorter tokens keep less of themselves. */
function hint(token: string): string {
  return token.length >= 32 ? shortened(token) : "…";
}

function serverOf(link: string): string {
  const url = URL.parse(link);
  return url === null || url.host === "" ? hidden : `${url.protocol}//${url.host}/…`;
}
