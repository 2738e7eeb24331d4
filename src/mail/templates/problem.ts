/** One thing that is wrong with a file of the templates, for a person. */
export interface TemplateProblem {
  readonly file: string;
  /** From 1; null where it concerns the whole file. */
  readonly line: number | null;
  readonly column: number | null;
  /** What is wrong: a sentence. */
  readonly message: string;
  /** The way out: a sentence. */
  readonly remedy: string;
}

/** A template cannot be used as it is; the message names the file and what to change. */
export class TemplateError extends Error {
  override readonly name = "TemplateError";
  /** The operator can repair the file while mail waits. */
  readonly temporary = true;
  /** Empty where no file is at fault. */
  readonly problems: readonly TemplateProblem[];

  constructor(message: string, problems: readonly TemplateProblem[] = []) {
    super(message);
    this.problems = problems;
  }

  static of(problems: readonly TemplateProblem[]): TemplateError {
    return new TemplateError(problems.map(problemText).join(" "), problems);
  }
}

/** A problem that concerns a file as a whole. */
export function fileProblem(file: string, message: string, remedy: string): TemplateProblem {
  return { file, line: null, column: null, message, remedy };
}

/** `file:line:column: what is wrong. The way out.` */
export function problemText({ file, line, column, message, remedy }: TemplateProblem): string {
  const place = [file, line, column].filter((part) => part !== null).join(":");
  return `${place}: ${message} ${remedy}`;
}
