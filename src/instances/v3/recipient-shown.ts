import { limits } from "../../domain/limits.ts";
import { oneLine } from "../../domain/one-line.ts";
import type { ModuleName } from "../../domain/share.ts";
import type { Followed } from "../../protocols/protocol.ts";
import { rulesOf } from "./received-rules.ts";
import type { Received } from "./recipient-rows.ts";

const modules: Readonly<Record<string, ModuleName>> = {
  "io.cozy.contacts": "contacts",
  "io.cozy.calendar.events": "calendar",
  "io.cozy.calendar.todos": "tasks",
};

/** What stands after a sharing was accepted: each thing that its rules name. What is in it comes by and by, and is browsed. */
export function followedAs({ sharing, self }: Received): Followed {
  const folders = rulesOf(sharing)
    .filter(({ local }) => !local)
    .flatMap(({ doctype, title, values }) =>
      values.map((value) => ({
        module: modules[doctype] ?? "files",
        folder: value,
        title: oneLine(title, limits.titleChars) || (sharing.description ?? ""),
        entries: [],
      })),
    );
  return {
    kind: "followed",
    state: "SUBSCRIBED",
    guest: self.address,
    folders: folders.slice(0, limits.shareTargets),
    homeAccount: null,
    homeFolder: null,
  };
}
