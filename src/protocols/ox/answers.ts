import { z } from "zod";
import type { OutboundResponse } from "../../http/outbound.ts";
import { type Trouble, trouble } from "./troubles.ts";

/** One well-formed answer of the OX HTTP API: a JSON object without error. */
export interface Answer {
  readonly kind: "answer";
  readonly fields: Readonly<Record<string, unknown>>;
}

/** An error object of the OX HTTP API, reduced to what decides. Its texts are remote and are not kept. */
interface OxError {
  /** Prefix, dash, four digits; null where it has none. */
  readonly code: string | null;
  readonly categories: readonly string[];
}

const object = z.record(z.string(), z.unknown());
/** Ids come as numbers or text, depending on module and version. */
export const idText = z.union([z.string(), z.number().int()]).transform(String);
const codeText = z.string().regex(/^[A-Z_]{2,16}-\d{4}$/);
const errorCategories = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
const queuedJob = z.object({ data: z.object({ job: idText }) });

/** Content types that OX answers in, also on errors (reference/ox.md 4.3). */
const readTypes = ["application/json", "text/javascript", "text/html"];

/** SUSE-0007 folder unsubscribed, SUSE-0008 account will be removed: warnings (reference/ox.md 8). */
const warnings = new Set(["SUSE-0007", "SUSE-0008"]);
/** Invalid credentials, no more logins without password, new password required, invalid guest password; SUSE: credentials missing. */
const passwordCodes = new Set(["LGI-0006", "LGI-0022", "LGI-0023", "LGI-0025", "SUSE-0003"]);
/** Folder not visible, folder not found. Other FLD codes are faults of the server. */
const folderGoneCodes = new Set(["FLD-0003", "FLD-0008"]);

/** The answer in a response, or the trouble that it tells of, also where the status is 200 (reference/ox.md 4.3). */
export function readAnswer(response: OutboundResponse): Answer | Trouble {
  const fields = jsonObject(response);
  const error = fields === null ? null : errorOf(fields);
  if (error !== null) return troubleOf(error, response);
  if (response.status !== 200 && response.status !== 202) return statusTrouble(response);
  return fields === null ? trouble("answer-not-understood") : { kind: "answer", fields };
}

/** The id of the job that a 202 answer tells of (reference/ox.md 4.3), or null. */
export function queuedJobId(response: OutboundResponse): string | null {
  if (response.status !== 202) return null;
  const parsed = queuedJob.safeParse(jsonObject(response));
  return parsed.success ? parsed.data.data.job : null;
}

/** What a status says where no error object explains it. Only overload and faults of the server are worth a repeat. */
export function statusTrouble(response: OutboundResponse): Trouble {
  if (response.status === 429 || response.status === 503) return trouble("server-busy");
  const isTemporary = response.status >= 500 || response.status === 408 || response.status === 425;
  if (isTemporary) return trouble("server-error", { code: `HTTP ${response.status}` });
  if (response.status >= 400) return trouble("request-not-accepted", { code: `HTTP ${response.status}` });
  return trouble("answer-not-understood");
}

/** The error that a top-level object is, or null; a warning beside an answer is none. */
function errorOf(fields: Readonly<Record<string, unknown>>): OxError | null {
  if (fields["error"] === undefined || fields["error"] === null) return null;
  const code = codeText.safeParse(fields["code"]).data ?? null;
  const categories = errorCategories.safeParse(fields["categories"]).data ?? [];
  if (categories.includes("WARNING") || (code !== null && warnings.has(code))) return null;
  return { code, categories };
}

function troubleOf(error: OxError, response: OutboundResponse): Trouble {
  if (response.status === 429 || response.status === 503) return trouble("server-busy", { code: error.code });
  return errorTrouble(error);
}

/** What an OX error means, decided by code and category (reference/ox.md 8). Anything unknown is worth a repeat. */
export function errorTrouble(error: OxError): Trouble {
  const { code } = error;
  if (code === null) return trouble("server-error");
  if (code.startsWith("SES-")) return trouble("session-lost", { code });
  if (folderGoneCodes.has(code)) return trouble("folder-not-visible", { code });
  if (passwordCodes.has(code)) return trouble("guest-password-rejected", { code });
  if (code === "SHR-0025") return trouble("module-not-available", { code });
  if (code === "SHR-0026") return trouble("single-file", { code });
  if (code === "SHR-0027") return trouble("wrong-account", { code });
  if (code === "SHR-0028") return trouble("anonymous-guest", { code });
  if (code.startsWith("LGI-")) return loginTrouble(error, code);
  return trouble("server-error", { code });
}

/** Codes of LGI that name no password: by category, and by the prefix alone where there is none. */
function loginTrouble(error: OxError, code: string): Trouble {
  if (error.categories.length === 0 || error.categories.includes("USER_INPUT")) {
    return trouble("guest-password-rejected", { code });
  }
  return error.categories.includes("PERMISSION_DENIED")
    ? trouble("login-refused", { code })
    : trouble("server-error", { code });
}

function jsonObject(response: OutboundResponse): Record<string, unknown> | null {
  const type = response.headers["content-type"]?.[0]?.split(";")[0]?.trim().toLowerCase() ?? "";
  if (!readTypes.includes(type)) return null;
  try {
    return object.safeParse(JSON.parse(response.text)).data ?? null;
  } catch {
    return null;
  }
}
