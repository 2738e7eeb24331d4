import type { WantedFile } from "../../protocols/protocol.ts";

/**
 * The one range of bytes that a Range field asks for; null where it asks for something else, which a server may
 * ignore and send all (RFC 9110 section 14.2): several ranges, and the last N bytes, whose place only the origin knows.
 */
export function wantedRange(field: string | undefined): WantedFile["range"] {
  const [, first, last] = /^bytes=(\d{1,15})-(\d{0,15})$/.exec(field ?? "") ?? [];
  if (first === undefined) return null;
  const range = { first: Number(first), last: last === "" || last === undefined ? null : Number(last) };
  return range.last !== null && range.last < range.first ? null : range;
}

/** Names one file, for every browser (RFC 6266 section 4.3), and never as something to show in place. */
export function attachment(name: string): string {
  // Marks of direction disguise the ending of a name.
  const plain =
    name
      .toWellFormed()
      .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}/\\]/gu, "_")
      .slice(0, 255)
      .replace(/[\uD800-\uDBFF]$/, "") || "file";
  const ascii = plain.replaceAll(/[^\x20-\x7e]|["%]/g, "_");
  const encoded = encodeURIComponent(plain).replaceAll(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16)}`,
  );
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}

const harmless =
  /^(?:image\/(?:avif|bmp|gif|heic|jpeg|png|tiff|webp)|(?:audio|video)\/[\w.+-]{1,60}|text\/(?:plain|csv|calendar|vcard|markdown)|application\/(?:pdf|zip|gzip|json|msword|rtf|vnd\.[\w.-]{1,100}))$/;

/** The media type of a stranger's file, without parameters; what a browser could run becomes plain bytes. */
export function harmlessType(mediaType: string): string {
  const essence = (mediaType.split(";")[0] ?? "").trim().toLowerCase();
  return harmless.test(essence) ? essence : "application/octet-stream";
}
