import type { Reply } from "../faulty-answers.ts";
import { json, type OcmRequest } from "../ocm/wire.ts";
import type { Route } from "../ocm/server.ts";

/** Thrown where the server answers with an error of its own. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly reply: Reply;

  constructor(reply: Reply, message: string) {
    super(message);
    this.reply = reply;
  }
}

/** The error body of all reva (reference/ocm.md, section 8). Of its codes two are known; a client goes by the status. */
function problem(status: number, code: string, message: string): Problem {
  return new Problem(json(status, { code, message }), message);
}

export function invalidParameter(message: string): Problem {
  return problem(400, "INVALID_PARAMETER", message);
}

export function unauthenticated(message: string): Problem {
  return problem(401, "UNAUTHENTICATED", message);
}

export function forbidden(message: string): Problem {
  return problem(403, "FORBIDDEN", message);
}

export function notFound(message: string): Problem {
  return problem(404, "NOT_FOUND", message);
}

export function alreadyExists(message: string): Problem {
  return problem(409, "ALREADY_EXIST", message);
}

export function serverError(message: string): Problem {
  return problem(500, "SERVER_ERROR", message);
}

/** The same route, which answers with the problems that are thrown in it. */
export function explained<Peer>(route: Route<Peer>): Route<Peer> {
  return {
    ...route,
    take: async (peer: Peer, request: OcmRequest, ...parts: string[]) => {
      try {
        return await route.take(peer, request, ...parts);
      } catch (cause) {
        if (cause instanceof Problem) return cause.reply;
        throw cause;
      }
    },
  };
}
