import type { PeerOperation, PeerReply, PeerRequest, PeerRoute } from "../http/peer-route.ts";

/** Of all answers with a JSON:API document. */
export const jsonApiType = "application/vnd.api+json";

/** One error of a JSON:API answer (reference/cozy.md 9). */
export interface JsonApiProblem {
  /** For a person: what is wrong and the way out. No secrets. */
  readonly detail: string;
  /** The field of the body, for example `recipients.0.recipient.id`. */
  readonly field?: string;
  /** The parameter of the query. */
  readonly parameter?: string;
}

/** An expected end of a request: sent as JSON:API errors. */
export class JsonApiError extends Error {
  override readonly name = "JsonApiError";
  readonly temporary: boolean;
  readonly status: number;
  readonly problems: readonly JsonApiProblem[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    problem: JsonApiProblem | readonly JsonApiProblem[],
    headers: Readonly<Record<string, string>> = {},
  ) {
    const problems = "detail" in problem ? [problem] : problem;
    super(problems[0]?.detail ?? `HTTP ${status}`);
    this.status = status;
    this.problems = problems;
    this.headers = headers;
    this.temporary = status === 429 || status >= 500;
  }
}

const titles: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  409: "Conflict",
  413: "Payload Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Entity",
  429: "Too Many Requests",
  502: "Bad Gateway",
};

/** The answer that an error is. */
function errorReply({ status, problems, headers }: JsonApiError): PeerReply {
  const title = titles[status] ?? "Internal Server Error";
  const errors = problems.map(({ detail, field, parameter }) => ({
    status: String(status),
    title,
    detail,
    source: {
      ...(field === undefined ? {} : { pointer: pointerTo(field) }),
      ...(parameter === undefined ? {} : { parameter }),
    },
  }));
  return { status, headers: { "content-type": jsonApiType, ...headers }, body: { errors } };
}

/** RFC 6901: `permissions.files.verbs` as `/permissions/files/verbs`. */
function pointerTo(field: string): string {
  return `/${field.replaceAll("~", "~0").replaceAll("/", "~1").replaceAll(".", "/")}`;
}

/** A JSON:API document as an answer. */
export function documentReply(status: number, body: object): PeerReply {
  return { status, headers: { "content-type": jsonApiType }, body };
}

/** A route whose expected failures are JSON:API errors. */
export function jsonApiRoute(
  route: Omit<PeerRoute, "answer"> & { readonly operation: PeerOperation | null },
  answer: (request: PeerRequest) => Promise<PeerReply>,
): PeerRoute {
  return {
    ...route,
    answer: async (request) => {
      try {
        return await answer(request);
      } catch (error) {
        if (error instanceof JsonApiError) return errorReply(error);
        throw error;
      }
    },
  };
}
