import { limits } from "../../domain/limits.ts";
import type { Answer } from "./answers.ts";
import { callJson, exchange, type Line } from "./calls.ts";
import { readAnswer } from "./answers.ts";
import type { Trouble } from "./troubles.ts";

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
