import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { limits } from "../../domain/limits.ts";
import type { PageStart } from "../../store/pages.ts";

/** What every list may be asked. */
export const listQuery = {
  account: z.string().max(100).optional().meta({ description: "Name of an account: its rows only." }),
  limit: z.coerce.number().int().min(1).max(limits.pageRowsMax).default(limits.pageRows),
  cursor: z
    .string()
    .max(100)
    .regex(/^\d{1,15}\.[a-z0-9]{1,32}$/, "not a cursor; take it from the Link field of the page before")
    .optional()
    .meta({ description: "Where the page begins; from the Link field of the page before." }),
};

/** What an operation that lists says of its pages. */
export const pagesText =
  "The next page, where there is one, is named by the Link field (rel=next, RFC 8288).";

/** Where the page begins that a cursor names; null for the first. */
export function pageStart(cursor: string | undefined): PageStart | null {
  if (cursor === undefined) return null;
  const [createdAt, id = ""] = cursor.split(".");
  return { createdAt: Number(createdAt), id };
}

interface Row {
  readonly id: string;
  readonly created_at: number;
}

/** Cuts the row that was asked for beyond the page, and names the next page where there was one. */
export function thisPage<Found extends Row>(
  request: FastifyRequest,
  reply: FastifyReply,
  rows: readonly Found[],
  limit: number,
): readonly Found[] {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  if (rows.length > limit && last !== undefined) {
    const [path = "", query] = request.url.split("?");
    const next = new URLSearchParams(query);
    next.set("cursor", `${last.created_at}.${last.id}`);
    reply.header("link", `<${path}?${next.toString()}>; rel="next"`);
  }
  return page;
}
