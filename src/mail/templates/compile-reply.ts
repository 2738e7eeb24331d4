import { z } from "zod";

/** What the template compiler is asked, as JSON: MJML with its partials in their places. */
export interface CompileRequest {
  readonly sources: readonly string[];
}

const problem = z.object({
  /** In the MJML; null where it concerns the whole. */
  offset: z.number().nullable(),
  message: z.string(),
  remedy: z.string(),
});

/** One answer per source, in the same order: HTML, or what is wrong with the source. */
export const compileReply = z.object({
  results: z.array(
    z.union([z.object({ html: z.string() }), z.object({ problems: z.array(problem).min(1) })]),
  ),
});

export type CompileProblem = z.infer<typeof problem>;
export type Compiled = z.infer<typeof compileReply>["results"][number];
