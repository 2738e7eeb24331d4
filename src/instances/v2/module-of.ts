import type { ModuleName } from "../../domain/share.ts";
import { type Received, rulesOf } from "./received.ts";

const modules: Readonly<Record<string, ModuleName>> = {
  event: "calendar",
  contact: "contacts",
  task: "tasks",
};

/** Where people look for what is shared; files, where that is several things. */
export function moduleOf(sharing: Received["sharing"]): ModuleName {
  const found = new Set(rulesOf(sharing).map(({ docType }) => modules[docType.toLowerCase()] ?? "files"));
  const [first = "files"] = found;
  return found.size === 1 ? first : "files";
}
