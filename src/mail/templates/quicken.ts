import { type Context, type Emitter, Output, type Template, toValueSync, TypeGuards } from "liquidjs";

const plainOutput = /^\{\{-?\s*([a-z]\w*(?:\.[a-z]\w*)*)\s*-?\}\}$/;

/**
 * Makes the two commonest parts of a template quick: fixed text, and a value without filters. LiquidJS runs six
 * generators for such a value, which is most of the time that filling takes; whatever else there is stays with it.
 */
export function quicken(templates: readonly Template[], escape: (text: string) => string): void {
  const all = withInner(templates);
  const own = new Set(all.flatMap(ownNames));
  for (const template of all) {
    if (TypeGuards.isHTMLToken(template.token)) {
      const text = template.token.getContent();
      template.render = (_context, emitter) => emitter.write(text);
    } else if (template instanceof Output) quickenOutput(template, own, escape);
  }
}

function withInner(templates: readonly Template[]): readonly Template[] {
  return templates.flatMap((template) => {
    const inner: Template[] = template.children ? toValueSync(template.children(false, true)) : [];
    return [template, ...withInner(inner)];
  });
}

/** What a template names itself (`for`, `assign`, …): such a name may hide a value. */
function ownNames(template: Template): readonly string[] {
  const assigned = [...(template.localScope?.() ?? [])].map((token) => token.content);
  return [...(template.blockScope?.() ?? []), ...assigned];
}

function quickenOutput(output: Template, own: ReadonlySet<string>, escape: (text: string) => string): void {
  const path = plainOutput.exec(output.token.getText())?.[1]?.split(".");
  if (path === undefined || own.has(path[0] ?? "")) return;
  const slowly: (context: Context, emitter: Emitter) => unknown = output.render.bind(output);
  output.render = (context, emitter) => {
    const text = textAt(context, path);
    if (text === null) return slowly(context, emitter);
    emitter.write(escape(text));
    return undefined;
  };
}

/** Null for what is not there or is no text: LiquidJS says what it makes of that. */
function textAt(context: Context, path: readonly string[]): string | null {
  let value: unknown = context.environments;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return null;
    value = Reflect.get(value, key);
  }
  return typeof value === "string" ? value : null;
}
