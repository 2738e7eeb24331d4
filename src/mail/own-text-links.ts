import { limits } from "../domain/limits.ts";

/**
 * Web addresses in plain text, as written and in order. At most one in each run without white space, and only one that
 * begins there: what follows `=`, `/` or the like belongs to another address and is no address of its own.
 */
export function addressesIn(text: string): readonly string[] {
  if (!text.includes("://")) return [];
  const found: string[] = [];
  for (const [run] of text.matchAll(/\S+/g)) {
    const address = addressInRun(run);
    if (address !== null) found.push(address);
  }
  return found;
}

function addressInRun(run: string): string | null {
  const start = run.search(/https?:\/\//i);
  if (start === -1 || /[a-z0-9/=?&%#.@_~+-]/i.test(run.slice(0, start).slice(-1))) return null;
  if (/[/=?&%#@]/.test(run.slice(0, start))) return null;
  const rest = run.slice(start, start + limits.urlChars + 1);
  const end = rest.search(/[<>"`{}|\\^\p{Pi}\p{Pf}\u3000-\u303F]|(?!\p{L}|\p{M}|\p{N})[^\u0021-\u007E]/u);
  const address = withoutTail(end === -1 ? rest : rest.slice(0, end));
  return address.length > limits.urlChars ? null : address;
}

/** Without the punctuation of the sentence around it; a closing bracket stays where its opening one is in the address. */
function withoutTail(address: string): string {
  const surplus = new Map([
    [")", count(address, ")") - count(address, "(")],
    ["]", count(address, "]") - count(address, "[")],
  ]);
  let end = address.length;
  for (; end > 0; end -= 1) {
    const last = address.charAt(end - 1);
    const unopened = surplus.get(last) ?? 0;
    if (unopened > 0) surplus.set(last, unopened - 1);
    else if (!".,;:!?'*".includes(last)) break;
  }
  return address.slice(0, end);
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}
