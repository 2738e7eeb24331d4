import { readFileSync } from "node:fs";

const file = new URL("../../../templates/pages/pages.css", import.meta.url);

/** The one stylesheet of all pages; its path is what they name. */
export const stylesheet = { path: "/pages.css", css: readFileSync(file, "utf8") } as const;
