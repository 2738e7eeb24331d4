import type { FastifyError, FastifyReply } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import { z } from "zod";
import { StoreError } from "../../store/store-error.ts";

/** One answer that says what is wrong and the way out (RFC 9457). Never holds what the caller sent. */
const problemSchema = z
  .object({
    title: z.string(),
    status: z.int(),
    reason: z.string().meta({ description: "Kebab-case; for programs." }),
    detail: z.string().meta({ description: "What is wrong and the way out; for people." }),
    fields: z
      .array(z.object({ field: z.string(), detail: z.string() }))
      .optional()
      .meta({ description: "Each field of the request that is wrong." }),
  })
  .meta({ id: "Problem" });

type ProblemBody = z.infer<typeof problemSchema>;

/** The answers of every operation that is not done. */
export const problems = {
  default: {
    description: "Not done; the problem says why, and the way out (RFC 9457).",
    content: { "application/problem+json": { schema: problemSchema } },
  },
};

const titles: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  416: "Range Not Satisfiable",
  429: "Too Many Requests",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
};

interface ProblemText {
  readonly status: number;
  readonly reason: string;
  readonly detail: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly fields?: ProblemBody["fields"];
}

/** Ends a request with a problem. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly text: ProblemText;

  constructor(text: ProblemText, options?: ErrorOptions) {
    super(text.detail, options);
    this.text = text;
  }
}

/** What is not there, and what belongs to somebody else, look the same. */
export function notThere(what: string): Problem {
  return new Problem({
    status: 404,
    reason: `no-such-${what}`,
    detail: `There is no such ${what}; list them to see which there are.`,
  });
}

/** Answers with a problem (RFC 9457). */
export function sendProblem(reply: FastifyReply, text: ProblemText): FastifyReply {
  const { status, reason, detail, fields } = text;
  const title = titles[status] ?? "Error";
  // What had been said of a file that now is not sent.
  for (const name of fileFields) reply.removeHeader(name);
  const body: ProblemBody = { title, status, reason, detail, ...(fields === undefined ? {} : { fields }) };
  return reply
    .code(status)
    .headers(text.headers ?? {})
    .type("application/problem+json")
    .serializer(JSON.stringify)
    .send(body);
}

const fileFields = ["accept-ranges", "content-disposition", "content-length", "content-range", "etag"];

const fault: ProblemText = {
  status: 500,
  reason: "fault",
  detail: "Something is wrong inside Usher; its log tells the administrator what.",
};

/**
 * The problem of an error, told by its class or code, never by its words: those of parsers quote what was sent.
 * `isFault`: nobody expected it, and the log should tell.
 */
export function problemOf(error: unknown): { readonly text: ProblemText; readonly isFault: boolean } {
  if (error instanceof Problem) return { text: error.text, isFault: false };
  if (hasZodFastifySchemaValidationErrors(error)) return { text: invalid(error), isFault: false };
  if (error instanceof StoreError && error.temporary) return { text: storeBusy, isFault: true };
  const known = requestProblems[codeOf(error)] ?? (statusOf(error) === 400 ? badRequest : undefined);
  return known === undefined ? { text: fault, isFault: true } : { text: known, isFault: false };
}

const storeBusy: ProblemText = {
  status: 503,
  reason: "store-busy",
  detail: "The store cannot be used at the moment; ask again shortly.",
  headers: { "retry-after": "5" },
};

const badRequest: ProblemText = {
  status: 400,
  reason: "bad-request",
  detail: "The request cannot be read; send what /api/v1/openapi.json describes.",
};

const requestProblems: Readonly<Record<string, ProblemText>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: {
    status: 413,
    reason: "body-too-large",
    detail: "The request body is too large; 256 KiB are the most.",
  },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    status: 415,
    reason: "not-json",
    detail: "The body is of another media type; send it as application/json.",
  },
};

function invalid(error: Parameters<typeof fieldsOf>[0]): ProblemText {
  return {
    status: 400,
    reason: "invalid-request",
    detail: "The request does not fit the operation; correct the fields named here.",
    fields: fieldsOf(error),
  };
}

interface Invalid {
  readonly validation: readonly { readonly instancePath: string; readonly message?: string }[];
  readonly validationContext?: FastifyError["validationContext"];
}

function fieldsOf({ validation, validationContext }: Invalid): NonNullable<ProblemBody["fields"]> {
  const place = validationContext === "querystring" ? "query" : (validationContext ?? "request");
  return validation.map(({ instancePath, message }) => ({
    field: [place, ...instancePath.split("/").filter((name) => name !== "")].join("."),
    detail: message ?? "wrong",
  }));
}

function codeOf(error: unknown): string {
  return typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";
}

function statusOf(error: unknown): unknown {
  return typeof error === "object" && error !== null && "statusCode" in error ? error.statusCode : undefined;
}
