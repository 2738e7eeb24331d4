import { Parser } from "htmlparser2";

export interface Form {
  /** As written: possibly relative. */
  readonly action: string;
  readonly method: string;
  readonly fields: ReadonlyMap<string, string>;
}

/** The forms of a page with their fields as a browser would send them. */
export function readForms(html: string): readonly Form[] {
  const forms: { action: string; method: string; fields: Map<string, string> }[] = [];
  const parser = new Parser({
    onopentag: (name, attributes) => {
      if (name === "form") {
        const { action = "", method = "get" } = attributes;
        forms.push({ action, method: method.toUpperCase(), fields: new Map() });
      }
      const field = attributes["name"];
      if (name === "input" && field !== undefined) forms.at(-1)?.fields.set(field, attributes["value"] ?? "");
    },
  });
  parser.end(html);
  return forms;
}

/** A form that is posted, with hidden and shown fields. */
export function form(
  action: string,
  hidden: Readonly<Record<string, string>>,
  shown: Readonly<Record<string, string>> = {},
): string {
  const inputs = [
    ...Object.entries(hidden).map(([name, value]) => input("hidden", name, value)),
    ...Object.entries(shown).map(([name, value]) => input("text", name, value)),
  ];
  return `<form method="POST" action="${escaped(action)}">${inputs.join("")}<button>OK</button></form>`;
}

function input(type: string, name: string, value: string): string {
  return `<input type="${type}" name="${escaped(name)}" value="${escaped(value)}">`;
}

export function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
