import { limits } from "../../domain/limits.ts";
import { oneLine } from "../../domain/one-line.ts";
import type { ModuleName } from "../../domain/share.ts";
import type { Followed } from "../../protocols/protocol.ts";
import type { Received } from "./received-rows.ts";
import { rulesOf } from "./sharer-members.ts";

const modules: Readonly<Record<string, ModuleName>> = {
  "io.cozy.contacts": "contacts",
  "io.cozy.calendar.events": "calendar",
  "io.cozy.events": "calendar",
};

/**
 * What stands after a sharing was accepted: each document that its rules name. Links do not say what they are called, and what is
 * in them comes by and by, and is browsed.
 */
export function followedAs({ sharing }: Received): Followed {
  const folders = rulesOf(sharing)
    .filter(({ selector }) => selector === null)
    .flatMap(({ type, values }) =>
      values.map((value) => ({
        module: modules[type] ?? "files",
        folder: value,
        title: oneLine(sharing.description ?? sharing.app_slug ?? type, limits.titleChars),
        entries: [],
      })),
    );
  return {
    kind: "followed",
    state: "SUBSCRIBED",
    guest: null,
    folders: folders.slice(0, limits.shareTargets),
    homeAccount: null,
    homeFolder: null,
  };
}
