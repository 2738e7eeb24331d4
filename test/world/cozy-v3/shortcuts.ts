import { z } from "zod";
import { files } from "./documents.ts";
import type { Instance } from "./instance.ts";
import { newId, type Sharing } from "./model.ts";

const news = z.object({ sharing: z.object({ status: z.literal("new") }) });
const forbidden = /[<>:"/\\|?*]/g;
const folders = {
  en: { inbox: "Inbox of sharings", drives: "Drives" },
  fr: { inbox: "Partages reçus", drives: "Drives" },
} as const;

/** A name that any file system takes (reference/cozy.md 7.4). */
function cleanFileName(name: string): string {
  return name.replaceAll(forbidden, "-");
}

/** The file `<description>.url`, or that of a drive, through which the owner finds an offered sharing; made once. */
export function writeShortcut(
  instance: Instance,
  sharing: Sharing,
  link: string,
  status: "new" | "seen",
): void {
  const { documents, settings } = instance;
  const names = folders[settings.locale];
  const title = sharing.drive ? (sharing.rules[0]?.title ?? "") : sharing.description;
  const directory = sharing.drive ? names.drives : names.inbox;
  const known = documents.get(files, sharing.shortcut_id);
  const id = known?.id ?? newId();
  const fields = {
    type: "file",
    name: `${cleanFileName(title)}.url`,
    dir_id: folder(instance, directory),
    mime: "application/internet-shortcut",
    metadata: { sharing: { status } },
    referenced_by: [{ type: "io.cozy.sharings", id: sharing.id }],
  };
  documents.write(files, id, fields, Buffer.from(`[InternetShortcut]\r\nURL=${link}\r\n`));
  sharing.shortcut_id = id;
}

export function removeShortcut({ documents }: Instance, sharing: Sharing): void {
  documents.remove(files, sharing.shortcut_id);
  sharing.shortcut_id = "";
}

/** Shortcuts that their owner has not looked at: GET /sharings/news. */
export function countNews({ documents }: Instance): number {
  return documents.list(files).filter(({ fields }) => news.safeParse(fields["metadata"]).success).length;
}

function folder({ documents }: Instance, name: string): string {
  const known = documents
    .list(files)
    .find(({ fields }) => fields["type"] === "directory" && fields["name"] === name);
  const fields = { type: "directory", name, dir_id: "io.cozy.files.root-dir" };
  return (known ?? documents.write(files, newId(), fields)).id;
}
