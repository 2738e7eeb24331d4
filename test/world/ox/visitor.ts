import { Browser, type BrowserOptions, type Page, readFragment } from "./browser.ts";
import type { ShareLink } from "./token.ts";
import { oxError, type OxError, readObject } from "./wire.ts";

/** What an OX server learns when it opens a share at another one. */
export type Visit =
  | {
      readonly kind: "in";
      readonly mail: string;
      readonly folder: string | null;
      readonly root: string | null;
    }
  | { readonly kind: "wrong-password"; readonly error: OxError }
  | { readonly kind: "anonymous" }
  /** Access revoked, or the folder cannot be seen. */
  | { readonly kind: "gone"; readonly error: OxError }
  | { readonly kind: "failed"; readonly error: OxError };

const client = "open-xchange-appsuite-http";
const revoked = oxError("ACE-0014", "Access to the remote system was revoked.");
const unreachable = oxError("ACE-0002", "The remote system could not be reached.");
const refusedAccess = oxError("ACE-0001", "No access to the remote system.");
const remoteError = oxError("ACE-0500", "The remote system failed.");

interface Entered {
  readonly session: string;
  readonly mail: string;
}

/** Opens a share as a guest, looks at its folder and logs out again (reference/ox.md 4.2 and 4.3). */
export async function visitShare(
  options: BrowserOptions,
  link: ShareLink,
  password: string | null,
): Promise<Visit> {
  const browser = new Browser({ userAgent: "OX-HTTP-Client/1", ...options });
  try {
    const page = await browser.browse("GET", `${link.origin}${linkPath(link)}?allow_enqueue=true`);
    const locations = page.rawHeaders.filter((_, index, all) => all[index - 1]?.toLowerCase() === "location");
    const [location] = locations;
    if (page.status !== 302 || location === undefined || locations.length !== 1) return failed(remoteError);
    if (new URL(location, link.origin).host !== new URL(link.origin).host) return failed(refusedAccess);
    const inside = await enter(browser, link, readFragment(location), password);
    return "kind" in inside ? inside : await lookAround(browser, link, inside);
  } catch {
    return failed(unreachable);
  }
}

function linkPath(link: ShareLink): string {
  return `${new URL(link.base).pathname}share/${link.token}${link.path}`;
}

async function enter(
  browser: Browser,
  link: ShareLink,
  told: Readonly<Record<string, string>>,
  password: string | null,
): Promise<Entered | Visit> {
  switch (told["login_type"]) {
    case undefined:
      return entered(browser, told);
    case "guest":
    case "guest_password":
      return login(browser, link, told, password);
    case "message_continue":
      await redeem(browser, link, told);
      return login(browser, link, told, password);
    case "anonymous_password":
      return { kind: "anonymous" };
    default:
      return readMessage(await redeem(browser, link, told));
  }
}

function entered(browser: Browser, told: Readonly<Record<string, unknown>>): Entered | Visit {
  const inCookie = [...browser.cookies].find(([name]) => name.startsWith("open-xchange-session-"))?.[1];
  const session = told["session"] ?? inCookie;
  if (typeof session !== "string") return failed(refusedAccess);
  const mail = typeof told["user"] === "string" ? told["user"] : "";
  return { session, mail };
}

async function redeem(browser: Browser, link: ShareLink, told: Readonly<Record<string, string>>) {
  const query = new URLSearchParams({ token: told["token"] ?? "", language: "en_US" });
  const page = await browser.browse("GET", `${link.base}share/redeem/token?${String(query)}`);
  return readObject(page.text) ?? {};
}

function readMessage(stored: Readonly<Record<string, unknown>>): Visit {
  if (stored["status"] === "not_found") return { kind: "gone", error: revoked };
  return failed(stored["status"] === "client_blacklisted" ? refusedAccess : remoteError);
}

async function login(
  browser: Browser,
  link: ShareLink,
  told: Readonly<Record<string, string>>,
  password: string | null,
): Promise<Entered | Visit> {
  const query = new URLSearchParams({
    action: "guest",
    share: told["share"] ?? link.token,
    target: told["target"] ?? link.path,
    client,
    staySignedIn: "true",
    allow_enqueue: "true",
  });
  const page = await browser.browse("POST", `${link.base}login?${String(query)}`, {
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ login: told["login_name"] ?? "", password: password ?? "" }),
  });
  const result = readObject(page.text);
  const error = errorIn(result);
  if (error?.code.startsWith("LGI-") === true) return { kind: "wrong-password", error };
  return result === null || error !== null ? failed(error ?? remoteError) : entered(browser, result);
}

async function lookAround(browser: Browser, link: ShareLink, { session, mail }: Entered): Promise<Visit> {
  const ask = async (module: string, fields: Record<string, string>) => {
    const query = new URLSearchParams({ ...fields, session, allow_enqueue: "true" });
    return browser.browse("GET", `${link.base}${module}?${String(query)}`);
  };
  try {
    if (mail === "") return { kind: "anonymous" };
    const folder = link.target?.folder;
    if (folder === undefined) return { kind: "in", mail, folder: null, root: null };
    const found = await finished(ask, await ask("folders", { action: "get", id: folder }));
    const error = errorIn(found);
    if (error !== null) return error.code.startsWith("FLD-") ? { kind: "gone", error } : failed(error);
    return { kind: "in", mail, ...(await rootOf(ask, found)) };
  } finally {
    await ask("login", { action: "logout" });
  }
}

type Asking = (module: string, query: Record<string, string>) => Promise<Page>;

/** The answer itself, after the polls of a job (reference/ox.md 4.3). */
async function finished(ask: Asking, first: Page): Promise<Readonly<Record<string, unknown>>> {
  let page = first;
  for (let polls = 0; page.status === 202 && polls < 10; polls += 1) {
    const job = dataOf(readObject(page.text))?.["job"];
    page = await ask("jobs", { action: "get", id: String(job) });
  }
  return readObject(page.text) ?? { ...remoteError };
}

/** The ancestor that hangs below "shared" (10) or "public" (15): what is subscribed (reference/ox.md 5.2). */
async function rootOf(ask: Asking, found: Readonly<Record<string, unknown>>) {
  const folder = textIn(found, "id");
  let root = folder;
  let parent = textIn(found, "folder_id");
  while (parent !== null && parent !== "10" && parent !== "15") {
    const above = await finished(ask, await ask("folders", { action: "get", id: parent }));
    if (errorIn(above) !== null) break;
    root = parent;
    parent = textIn(above, "folder_id");
  }
  return { folder, root };
}

function textIn(envelope: Readonly<Record<string, unknown>>, name: string): string | null {
  const value = dataOf(envelope)?.[name];
  return typeof value === "string" ? value : null;
}

function dataOf(
  envelope: Readonly<Record<string, unknown>> | null,
): Readonly<Record<string, unknown>> | null {
  return readObject(JSON.stringify(envelope?.["data"] ?? null));
}

/** The error object of an answer, which comes inside HTTP 200. */
function errorIn(envelope: Readonly<Record<string, unknown>> | null): OxError | null {
  const error = envelope?.["error"];
  if (typeof error !== "string") return null;
  const code = envelope?.["code"];
  return oxError(typeof code === "string" ? code : "ACE-0007", error);
}

function failed(error: OxError): Visit {
  return { kind: "failed", error };
}
