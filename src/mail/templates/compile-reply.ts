import { z } from "zod";

/** What the template compiler is asked and answers, both as JSON. */
export interface CompileRequest {
  readonly sources: readonly CompileSource[];
}

export interface CompileSource {
  /** Path of the file the MJML came from: includes are relative to it. */
  readonly file: string;
  /** Includes stay inside this folder. */
  readonly root: string;
  readonly mjml: string;
}

/** One answer per source, in the same order: HTML, or what is wrong with the source. */
export const compileReply = z.object({
  results: z.array(
    z.union([z.object({ html: z.string() }), z.object({ problems: z.array(z.string()).min(1) })]),
  ),
});

export type Compiled = z.infer<typeof compileReply>["results"][number];
