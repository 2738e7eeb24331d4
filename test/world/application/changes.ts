import { keyOf, nameOf, type Served } from "./files.ts";

/** Does what a method that writes asks for, and gives the status. */
export function change(served: Served): number {
  return changes[served.method]?.(served, keyOf(served.files, served.name)) ?? 405;
}

type Change = (served: Served, key: string | null) => number;

const changes: Readonly<Record<string, Change>> = {
  PUT: ({ files, name, body }, key) => {
    files.set(name, { bytes: body });
    return key === null ? 201 : 204;
  },
  MKCOL: ({ files, name }, key) => {
    if (key !== null) return 405;
    files.set(`${name.replace(/\/$/, "")}/`, null);
    return 201;
  },
  DELETE: ({ files }, key) => {
    if (key === null) return 404;
    for (const each of files.keys()) if (each === key || each.startsWith(key)) files.delete(each);
    return 204;
  },
  MOVE: ({ files, headers }, key) => {
    const target = nameOf(new URL(String(headers["destination"])).pathname);
    const held = key === null ? undefined : files.get(key);
    if (key === null || held === undefined || target === null) return 404;
    files.delete(key);
    files.set(target, held);
    return 201;
  },
};
