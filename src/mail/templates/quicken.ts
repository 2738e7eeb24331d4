import { type Context, type Emitter, Output, type Template, toValueSync, TypeGuards, Value } from "liquidjs";

const path = String.raw`([a-z]\w*(?:\.[a-z]\w*)*)`;
const plainOutput = new RegExp(String.raw`^\{\{-?\s*${path}\s*-?\}\}$`);
const plainCondition = new RegExp(
  String.raw`^\{%-?\s*if\s+${path}\s*(==|!=|>)\s*(?:'([^']*)'|(\d{1,9}|true|false))\s*-?%\}$`,
);

/**
 * Makes the commonest parts of a template quick: fixed text, a value without filters, and a value compared with a literal.
 * LiquidJS runs half a dozen generators for each, which is most of the time that filling takes; whatever else there is
 * stays with it.
 */
export function quicken(templates: readonly Template[], escape: (text: string) => string): void {
  const all = withInner(templates);
  const own = new Set(all.flatMap(ownNames));
  for (const template of all) {
    if (TypeGuards.isHTMLToken(template.token)) {
      const text = template.token.getContent();
      template.render = (_context, emitter) => emitter.write(text);
    } else if (template instanceof Output) quickenOutput(template, own, escape);
    else quickenCondition(template, own);
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
  const keys = keysOf(plainOutput.exec(output.token.getText())?.[1], own);
  if (keys === null) return;
  const slowly: (context: Context, emitter: Emitter) => unknown = output.render.bind(output);
  output.render = (context, emitter) => {
    const text = valueAt(context, keys);
    if (typeof text !== "string") return slowly(context, emitter);
    emitter.write(escape(text));
    return undefined;
  };
}

function quickenCondition(tag: Template, own: ReadonlySet<string>): void {
  const [, written, operator, text, literal = ""] = plainCondition.exec(tag.token.getText()) ?? [];
  const keys = keysOf(written, own);
  const [condition] = tag.arguments?.() ?? [];
  if (keys === null || !(condition instanceof Value)) return;
  const wanted = text ?? (/^\d/.test(literal) ? Number(literal) : literal === "true");
  const slowly = condition.value.bind(condition);
  condition.value = function* quickly(context, lenient) {
    const value = valueAt(context, keys);
    const isComparable = typeof value === typeof wanted && (operator !== ">" || typeof wanted === "number");
    if (!isComparable) return yield* slowly(context, lenient);
    if (operator === ">") return Number(value) > Number(wanted);
    return (value === wanted) === (operator === "==");
  };
}

/** Null where it is none, or may stand for something that the template named itself. */
function keysOf(written: string | undefined, own: ReadonlySet<string>): readonly string[] | null {
  const keys = written?.split(".") ?? [];
  return keys.length === 0 || own.has(keys[0] ?? "") ? null : keys;
}

/** Undefined for what is not there: LiquidJS says what it makes of that. */
function valueAt(context: Context, keys: readonly string[]): unknown {
  let value: unknown = context.environments;
  for (const key of keys) {
    if (key === "size" && Array.isArray(value)) value = value.length;
    else if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    else value = Reflect.get(value, key);
  }
  return value;
}
