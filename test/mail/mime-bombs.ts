/** The mails of reference/security.md, section 8.2, made to cost a parser more than they weigh. */

const head =
  "From: alice@cloud-a.example\r\nTo: bob@recipient.example\r\nSubject: bomb\r\nMIME-Version: 1.0\r\n";

export const bombs: Readonly<Record<string, () => string>> = {
  "nested multipart 100": () => nestedMultipart(100),
  "nested multipart 300": () => nestedMultipart(300),
  "nested multipart 5000": () => nestedMultipart(5000),
  "nested multipart 50000": () => nestedMultipart(50_000),
  "nested message/rfc822 300": () => nestedMessage(300),
  "nested message/rfc822 10000": () => nestedMessage(10_000),
  "5000 parts": () => parts(5000, "Content-Type: text/plain\r\n\r\nx\r\n"),
  "10000 empty parts": () => parts(10_000, "\r\n"),
  "200000 empty parts": () => parts(200_000, "\r\n"),
  "one header of 1 MB": () => `${head}X-Long: ${"a".repeat(1_000_000)}\r\n\r\ntext`,
  "one header of 10 MB": () => `${head}X-Long: ${"a ".repeat(5_000_000)}\r\n\r\ntext`,
  "100000 headers": () => `${head}${"X-A: b\r\n".repeat(100_000)}\r\ntext`,
  "100000 addresses": () => `Reply-To: ${"a@b.example,\r\n ".repeat(100_000)}c@d.example\r\n${head}\r\ntext`,
  "5000 nested groups": () =>
    `Reply-To: ${"g:".repeat(5000)}a@b.example${";".repeat(5000)}\r\n${head}\r\ntext`,
  "100000 nested comments": () =>
    `Reply-To: ${"(".repeat(30_000)}a@b.example${")".repeat(30_000)}\r\n${head}\r\ntext`,
  "5000 RFC 2231 parameters": () => parameters(5000),
  "50000 RFC 2231 parameters": () => parameters(50_000),
  "50000 encoded words": () => `Subject: ${"=?utf-8?q?a?=\r\n ".repeat(50_000)}\r\n${head}\r\ntext`,
  "100000 HTML links": () =>
    `${head}Content-Type: text/html\r\n\r\n${'<a href="https://a.example/">a</a>'.repeat(100_000)}`,
  "base64 in iso-2022-jp": () => japanese(),
};

function nestedMultipart(depth: number): string {
  const levels = Array.from(
    { length: depth },
    (_, level) => `Content-Type: multipart/mixed; boundary=b${level}\r\n\r\n--b${level}\r\n`,
  );
  return `${head}${levels.join("")}Content-Type: text/plain\r\n\r\ntext\r\n`;
}

function nestedMessage(depth: number): string {
  const level = "Content-Type: message/rfc822\r\nContent-Disposition: inline\r\n\r\n";
  return `${head}${level.repeat(depth)}Content-Type: text/plain\r\n\r\ntext\r\n`;
}

function parts(count: number, part: string): string {
  return `${head}Content-Type: multipart/mixed; boundary=b\r\n\r\n${`--b\r\n${part}`.repeat(count)}--b--\r\n`;
}

function parameters(count: number): string {
  const all = Array.from({ length: count }, (_, index) => `;\r\n name*${index}*=%41`);
  return `${head}Content-Type: text/plain${all.join("")}\r\n\r\ntext`;
}

function japanese(): string {
  const body = Buffer.from('\u001B$B$"\u001B(B'.repeat(200_000)).toString("base64");
  return `${head}Content-Type: text/plain; charset=iso-2022-jp\r\nContent-Transfer-Encoding: base64\r\n\r\n${body}`;
}
