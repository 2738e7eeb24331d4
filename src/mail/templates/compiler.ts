import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { limits } from "../../domain/limits.ts";
import { type CompileRequest, type Compiled, compileReply } from "./compile-reply.ts";
import { joined, placeOf } from "./pieces.ts";
import { fileProblem, TemplateError } from "./problem.ts";
import type { TemplateSource } from "./source.ts";

const program = fileURLToPath(new URL("compile-templates.ts", import.meta.url));

/**
 * HTML of each source, or what is wrong with it, in the same order; compiled in a process of its own.
 * @throws TemplateError when the compiler did not end well or in time.
 */
export async function compileAll(
  sources: readonly TemplateSource[],
): Promise<readonly (string | TemplateError)[]> {
  if (sources.length === 0) return [];
  const results = await runCompiler({ sources: sources.map(({ mjml }) => joined(mjml)) });
  return sources.map((source, index) => htmlOf(source, results[index]));
}

function htmlOf(source: TemplateSource, compiled: Compiled | undefined): string | TemplateError {
  if (compiled === undefined) return new TemplateError(`The template compiler left out ${source.file}.`);
  if ("html" in compiled) return compiled.html;
  return TemplateError.of(
    compiled.problems.map(({ offset, message, remedy }) => {
      const place = offset === null ? null : placeOf(source.mjml, offset);
      return place === null ? fileProblem(source.file, message, remedy) : { ...place, message, remedy };
    }),
  );
}
async function runCompiler(request: CompileRequest): Promise<readonly Compiled[]> {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", program], {
    env: {},
    stdio: ["pipe", "pipe", "pipe"],
    timeout: limits.templateCompileMs,
    killSignal: "SIGKILL",
  });
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) => resolve(code === null ? `signal ${signal}` : `code ${code}`));
  });
  // The end of the program tells more than a broken pipe.
  child.stdin.on("error", () => undefined);
  child.stdin.end(JSON.stringify(request));
  const [output, complaint, how] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (how !== "code 0") {
    const why = complaint.trim().slice(0, limits.remoteTextChars);
    throw new TemplateError(`The template compiler ended with ${how}. ${why}`);
  }
  return compileReply.parse(JSON.parse(output)).results;
}
