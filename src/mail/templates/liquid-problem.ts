import type { LiquidError } from "liquidjs";
import { didYouMean } from "../../config/did-you-mean.ts";
import { schemaPaths } from "../../config/schema-paths.ts";
import type { TemplateName } from "./names.ts";
import { joined, type Piece, placeOf } from "./pieces.ts";
import { fileProblem, type TemplateProblem } from "./problem.ts";
import { valueSchemas } from "./value-schema.ts";

/** What Liquid complains of, where it was written: compiled HTML has the placeholders of the file in other places. */
export function liquidProblem(
  name: TemplateName,
  error: LiquidError,
  pieces: readonly Piece[],
): TemplateProblem {
  const offset = offsetIn(joined(pieces), error.token);
  const place = offset === null ? null : placeOf(pieces, offset);
  const message = `${error.message.replace(/(, file:[^,]*)?, line:\d+, col:\d+$/, "")}.`;
  const remedy = remedyFor(name, error.message);
  return place === null
    ? fileProblem(pieces[0]?.file ?? name, message, remedy)
    : { ...place, message, remedy };
}

/** Looked for with the whole placeholder round it: a word alone may stand anywhere. */
function offsetIn(written: string, { input, begin }: LiquidError["token"]): number | null {
  const open = Math.max(input.lastIndexOf("{{", begin), input.lastIndexOf("{%", begin), 0);
  const close = input.indexOf("}", begin);
  const found = written.indexOf(input.slice(open, close === -1 ? undefined : close + 2));
  return found === -1 ? null : found + begin - open;
}

function remedyFor(name: TemplateName, message: string): string {
  const variable = /undefined variable: ([\w.]+)/.exec(message)?.[1];
  if (variable === undefined)
    return "Correct the placeholder; templates/README.md tells what templates can do.";
  const known = variablesOf(name);
  const near = didYouMean(variable, known) ?? known.find((path) => path.endsWith(`.${variable}`));
  if (near !== undefined) return `Did you mean ${near}?`;
  return `The values of ${name} are ${known.join(", ")}.`;
}

/** Every value of a template outside of lists and colours. */
function variablesOf(name: TemplateName): readonly string[] {
  const paths = schemaPaths(valueSchemas[name]).filter((path) => !path.includes("[]"));
  const inner = paths.filter(
    (path) => !paths.some((other) => other.length > path.length && startsWith(other, path)),
  );
  return inner.map((path) => path.join(".")).filter((path) => !/^brand\.(colors|dark)\./.test(path));
}

function startsWith(path: readonly string[], begin: readonly string[]): boolean {
  return begin.every((part, at) => path[at] === part);
}
