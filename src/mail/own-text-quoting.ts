/** An opening tag; attributes with their lower-case names, as far as they matter. */
export interface Tag {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
}

/** Attributes that tell of quoting. */
export const tellingAttributes: ReadonlySet<string> = new Set(["href", "class", "id", "style"]);

/** Elements around quoted or forwarded text, by the classes and ids of the programs that write them. */
const quotes: ReadonlySet<string> = new Set([
  "gmail_quote", // Gmail
  "gmail_quote_container",
  "moz-forward-container", // Thunderbird
  "yahoo_quoted",
  "protonmail_quote",
  "tutanota_quote",
  "zmail_extra", // Zoho
  "OLK_SRC_BODY_SECTION", // Outlook for Mac
  "reply-intro", // Roundcube
  "replybody",
]);

/** Marks behind which all text is of the mail that is answered or forwarded. */
const dividers: ReadonlySet<string> = new Set([
  "divRplyFwdMsg", // Outlook
  "appendonsend",
  "mail-editor-reference-message-container",
  "ms-outlook-mobile-reference-message",
  "isForwardContent", // QQ Mail
]);

/** Follows tags in order, and tells after each whether the text behind it is foreign. */
interface Quoting {
  opened(tag: Tag): boolean;
  closed(name: string): boolean;
}

/** Of the open elements only those of the one name that began the quote are counted: there is no tree. */
export function createQuoting(): Quoting {
  let quote: { readonly name: string | null; depth: number } | null = null;
  return {
    opened: (tag) => {
      if (quote === null) quote = quoteBegunBy(tag);
      else if (quote.name === tag.name) quote.depth += 1;
      return quote !== null;
    },
    closed: (name) => {
      if (quote?.name === name) quote.depth -= 1;
      if (quote?.depth === 0) quote = null;
      return quote !== null;
    },
  };
}

/** The element whose text the sender only passes on; without a name where that reaches to the end. */
function quoteBegunBy({ name, attributes }: Tag): { readonly name: string | null; depth: number } | null {
  if (name === "blockquote") return { name, depth: 1 };
  if (attributes.size === 0) return null;
  const marks = `${attributes.get("class") ?? ""} ${attributes.get("id") ?? ""}`.split(/\s+/).map(unprefixed);
  if (marks.some((mark) => dividers.has(mark))) return { name: null, depth: 1 };
  return marks.some((mark) => quotes.has(mark)) ? { name, depth: 1 } : null;
}

/** Outlook on the web writes `x_` before the classes and ids of a mail that it quotes. */
function unprefixed(mark: string): string {
  return mark.replace(/^(x_)+/, "");
}

/** A rule across the text, or the border that Outlook draws above the header fields of the mail it quotes. */
export function isDrawnLine({ name, attributes }: Tag): boolean {
  return name === "hr" || /border-top:\s*solid/i.test(attributes.get("style") ?? "");
}
