import type { TextPart } from "../../src/domain/mail.ts";

/** Two text parts of a mail, as somebody else sends them on. */
interface Texts {
  readonly plain: string;
  readonly html: string;
}

/** Somebody else's mail with these texts, as RFC 5322 text. */
export function mailWith({ plain, html }: Texts): string {
  return [
    "From: Dave Reader <dave@lists-x.example>",
    "To: bob@recipient.example",
    "Subject: Look at this",
    "Message-ID: <passed-on@lists-x.example>",
    "MIME-Version: 1.0",
    "Content-Type: multipart/alternative; boundary=seam",
    "",
    ...part("plain", plain),
    ...part("html", html),
    "--seam--",
    "",
  ].join("\r\n");
}

function part(type: string, text: string): readonly string[] {
  const lines =
    Buffer.from(text)
      .toString("base64")
      .match(/.{1,76}/g) ?? [];
  const coding = "Content-Transfer-Encoding: base64";
  return ["--seam", `Content-Type: text/${type}; charset=UTF-8`, coding, "", lines.join("\r\n")];
}

/** The texts of a mail; where it has one kind only, the other is as good as empty. */
export function textsOf(parts: readonly TextPart[]): Texts {
  const of = (type: TextPart["type"]) => parts.find((one) => one.type === type)?.text ?? "";
  return { plain: of("plain"), html: of("html") };
}

/** Ways in which mail programs, lists and filters pass a mail's text on without it being an invitation any more. */
export const waysToPassOn: Readonly<Record<string, (texts: Texts) => Texts>> = {
  "quoted in an answer": ({ plain, html }) => ({
    plain: `Seen this?\n\nOn Tuesday Alice wrote:\n${quoted(plain)}`,
    html: `<p>Seen this?</p><p>On Tuesday Alice wrote:</p><blockquote type="cite">${html}</blockquote>`,
  }),
  "quoted by Gmail": ({ plain, html }) => ({
    plain: `Seen this?\r\n\r\n${quoted(quoted(plain))}`,
    html: `<div>Seen this?</div><div class="gmail_quote"><div dir="ltr" class="gmail_attr">On Tue</div>${html}</div>`,
  }),
  "forwarded by Gmail": ({ plain, html }) => ({
    plain: `---------- Forwarded message ---------\nFrom: Alice <alice@a.example>\n\n${plain}`,
    html: `<div class="gmail_quote">---------- Forwarded message ---------<br>${html}</div>`,
  }),
  "forwarded by Thunderbird": ({ plain, html }) => ({
    plain: `\n-------- Weitergeleitete Nachricht --------\nBetreff: x\nVon: Alice <alice@a.example>\n\n${plain}`,
    html: `<div class="moz-forward-container">-------- Weitergeleitete Nachricht --------<table><tr><th>Betreff:</th><td>x</td></tr></table>${html}</div>`,
  }),
  "answered by Outlook": ({ plain, html }) => ({
    plain: `Ja.\n________________________________\nVon: Alice <alice@a.example>\nGesendet: Montag, 5. Oktober 2026 18:29\nAn: Bob\nBetreff: x\n\n${plain}`,
    html: `<div>Ja.</div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>Von:</b> Alice<br></div>${html}`,
  }),
  "forwarded by Outlook without marks": ({ plain, html }) => ({
    plain: `FYI\n\nDe : Alice\nEnvoyé : lundi 5 octobre 2026 18:29\nÀ : Bob\nObjet : x\n\n${plain}`,
    html: `<p>FYI</p><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p><b>De&nbsp;:</b> Alice &lt;alice@a.example&gt;<br><b>À&nbsp;:</b> Bob<br><b>Objet&nbsp;:</b> x</p></div>${html}`,
  }),
  "forwarded by Apple Mail": ({ plain, html }) => ({
    plain: `Begin forwarded message:\n\n${quoted(`From: Alice <alice@a.example>\nSubject: x\n\n${plain}`)}`,
    html: `<div>Begin forwarded message:</div><blockquote type="cite"><div>From: Alice</div>${html}</blockquote>`,
  }),
};

function quoted(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => `> ${line}`)
    .join("\n");
}

/** Filters that replace each address of a mail by one of their own, which leads there after a look. */
export const linkFilters: Readonly<Record<string, (address: string) => string>> = {
  "Safe Links": (address) =>
    `https://eur01.safelinks.protection.outlook.com/?url=${encodeURIComponent(address)}&data=05&reserved=0`,
  "URL Defense, version 2": (address) =>
    `https://urldefense.proofpoint.com/v2/url?u=${encodeURIComponent(address).replaceAll("%", "-").replaceAll("/", "_")}&d=x`,
  "URL Defense, version 3": (address) => `https://urldefense.com/v3/__${address}__;!!ABC$`,
  "a filter that puts the address behind its own": (address) => `https://filter.example/go/${address}`,
  "a filter that puts the address into its query": (address) => `https://filter.example/?u=${address}`,
  "a filter that encodes the address in its path": (address) =>
    `https://secure-web.example/1abc/${encodeURIComponent(address)}`,
};

/** The same texts with each address behind the filter. */
export function rewritten({ plain, html }: Texts, filter: (address: string) => string): Texts {
  return {
    plain: plain.replaceAll(/https:\/\/[^\s<>]+/g, filter),
    html: html.replaceAll(/https:\/\/[^\s<>"]+/g, (address) =>
      filter(address.replaceAll("&amp;", "&")).replaceAll("&", "&amp;"),
    ),
  };
}
