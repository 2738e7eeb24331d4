import { limits } from "../../domain/limits.ts";
import type { Answer } from "./answers.ts";
import { type BeyondEnd, callJson, downloadFrom, exchange, type Line, type OxDocument } from "./calls.ts";
import { readAnswer } from "./answers.ts";
import { isTrouble, type Trouble } from "./troubles.ts";

/** One call of the OX HTTP API. */
export interface ApiCall {
  /** For the decision record. */
  readonly what: string;
  readonly module: string;
  readonly action: string;
  readonly query?: Readonly<Record<string, string>>;
  /** JSON body; sent with PUT. */
  readonly body?: Readonly<Record<string, unknown>>;
}

/** A login that stands: the session parameter, and the cookies of its line. */
export interface OxSession {
  call(call: ApiCall): Promise<Answer | Trouble>;
  /** Asks for a document, whole or the one range of a Range field. */
  download(call: Omit<ApiCall, "body">, range: string | null): Promise<OxDocument | BeyondEnd | Trouble>;
  /** Logs out, at most limits.oxLogoutMs, whatever became of the work. Never fails. */
  close(): Promise<void>;
}

/** A session of the given id; every call carries it with the cookies of `line` (reference/ox.md 4.3). */
export function oxSession(line: Line, id: string): OxSession {
  const address = (module: string, action: string, query: Readonly<Record<string, string>> = {}) =>
    apiUrl(line.apiBase, module, { action, ...query, session: id, allow_enqueue: "true" });
  return {
    call: async ({ what, module, action, query, body }) =>
      callJson(
        line,
        {
          what,
          url: address(module, action, query),
          ...(body === undefined
            ? { method: "GET" }
            : { method: "PUT", body: JSON.stringify(body), contentType: "application/json; charset=UTF-8" }),
        },
        (job) => address("jobs", "get", { id: job }),
      ),
    download: async ({ what, module, action, query }, range) =>
      downloadFrom(line, { what, method: "GET", url: address(module, action, query) }, range),
    close: async () => {
      // The work's own signal may have ended already; a session that stays open is worth a request of its own.
      const ask = { ...line.ask, signal: AbortSignal.timeout(limits.oxLogoutMs) };
      await exchange(
        { ...line, ask },
        { what: "log out", method: "GET", url: address("login", "logout") },
        readLogout,
      );
    },
  };
}

/** Work in a session: `keep` leaves the session open beyond it, and whoever kept it closes it. */
export type SessionWork<T> = (session: OxSession, keep: () => void) => Promise<T | Trouble>;

/** Does `work` in a session and logs out whatever became of it, unless the server lost the session or it was kept. */
export async function inSession<T extends { readonly kind: string }>(
  session: OxSession,
  work: SessionWork<T>,
): Promise<T | Trouble> {
  let isOver = false;
  try {
    const done = await work(session, () => void (isOver = true));
    if (isLost(done)) isOver = true;
    return done;
  } finally {
    if (!isOver) await session.close();
  }
}

/** A session may be lost on the way: then once more with a fresh login (reference/ox.md 4.3). */
export async function onceMoreIfLost<T extends { readonly kind: string }>(
  visit: () => Promise<T | Trouble>,
): Promise<T | Trouble> {
  const first = await visit();
  return isLost(first) ? visit() : first;
}

function isLost(done: { readonly kind: string } | Trouble): boolean {
  return isTrouble(done) && done.name === "session-lost";
}

/** Address of one call below the API prefix. */
export function apiUrl(apiBase: string, module: string, query: Readonly<Record<string, string>>): string {
  return `${apiBase}${module}?${new URLSearchParams(query).toString()}`;
}

/** OX answers a logout with an empty body. */
function readLogout(response: Parameters<typeof readAnswer>[0]): { readonly kind: "closed" } | Trouble {
  if (response.status === 200 && response.text.trim() === "") return { kind: "closed" };
  const answer = readAnswer(response);
  return answer.kind === "answer" ? { kind: "closed" } : answer;
}
