import type { SharingProblem } from "../domain/sharing-request.ts";

/** What is wrong with a request, one line each. */
export function problemLines(problems: readonly SharingProblem[]): string[] {
  return problems.map(({ because, detail }) => `  ${because}: ${detail}`);
}
