import type { InvitationTemplate } from "./invitation.ts";
import { limits } from "./limits.ts";
import { headerValues, type HeaderField, type MailView } from "./mail.ts";
import { oneLine } from "./one-line.ts";

/**
 * The header fields by which a mail of Usher says to programs what it says to people. protocols/usher/README.md has the
 * format; both sides of it stand here.
 */
export interface ShareHeader {
  readonly type: InvitationTemplate;
  /** Id of the sharing at the site that sends; means nothing elsewhere. */
  readonly sharingId: string;
  /** Secret. */
  readonly link: string;
  readonly title: string;
  /** Milliseconds since 1970; null for never. */
  readonly expiresAtMs: number | null;
}

/** The version that is written, and the one that is read. */
const version = "1";

const names = {
  version: "x-usher-share-version",
  type: "x-usher-share-type",
  sharingId: "x-usher-share-id",
  link: "x-usher-share-link",
  title: "x-usher-share-title",
  expires: "x-usher-share-expires",
} as const;

/** All fields of this header, in the order in which they are written. */
export const shareHeaderNames: readonly string[] = Object.values(names);

/** The field that no such mail lacks. */
export const shareLinkField: string = names.link;

/** The fields that say which share it is about and what became of it; the others are for people to read. */
export const decidingShareFields: readonly string[] = [names.version, names.type, names.link];

const types: readonly InvitationTemplate[] = ["invitation", "discovery", "invite", "reminder", "revoked"];

/**
 * The fields as they are written: printable ASCII, long values in pieces with single spaces, where a line may be folded.
 * The texts must be well-formed and without control characters, the link one that a URL parser has written.
 */
export function shareHeaderFields(share: ShareHeader): readonly HeaderField[] {
  const { type, sharingId, link, title, expiresAtMs } = share;
  return [
    { name: names.version, value: version },
    { name: names.type, value: type },
    { name: names.sharingId, value: sharingId },
    { name: names.link, value: inPieces(link) },
    // The form of RFC 2231 section 4, without a language.
    { name: names.title, value: inPieces(`utf-8''${encodeURIComponent(title)}`) },
    ...(expiresAtMs === null ? [] : [{ name: names.expires, value: new Date(expiresAtMs).toISOString() }]),
  ];
}

/** Lines of a mail have at most 78 characters (RFC 5322 section 2.1.1), and the longest name has 24. */
const pieceChars = 52;

function inPieces(text: string): string {
  return (text.match(new RegExp(`.{1,${pieceChars}}`, "g")) ?? []).join(" ");
}

/** What is read of the header: enough to find the share. */
export type ReadShareHeader = Pick<ShareHeader, "type" | "link"> & { readonly title: string | null };

/**
 * The header of a mail; null where it has none that can be understood, `not` where a field that decides is repeated, so that
 * two readers could see two different shares.
 */
export function readShareHeader(
  mail: Pick<MailView, "headers">,
): ReadShareHeader | { readonly not: string } | null {
  const decisive = decidingShareFields.map((name) => headerValues(mail, name));
  if (decisive.some((values) => values.length === 0)) return null;
  if (decisive.some((values) => values.length > 1)) return { not: "usher-share-repeated" };
  const [written = "", type = "", link = ""] = decisive.flat();
  const known = types.find((one) => one === type.toLowerCase());
  const url = URL.parse(joined(link));
  if (written !== version || known === undefined || url === null) return null;
  return { type: known, link: url.href, title: titleIn(headerValues(mail, names.title)) };
}

/** White space in these values is that of folding. */
function joined(value: string): string {
  return value.replaceAll(/[ \t]+/g, "");
}

function titleIn([value, ...others]: readonly string[]): string | null {
  const encoded = /^utf-8'[\w-]*'(.*)$/i.exec(joined(value ?? ""))?.[1];
  if (encoded === undefined || others.length > 0) return null;
  try {
    const title = oneLine(decodeURIComponent(encoded), limits.titleChars);
    return title === "" ? null : title;
  } catch {
    return null;
  }
}
