import { randomBytes, randomUUID } from "node:crypto";
import type { Letter } from "../cozy-v1a/stack/letters.ts";
import { quotedPrintable } from "../cozy-v3/quoted-printable.ts";
import { encodedWords } from "../share-mail.ts";
import { escaped } from "../ocm/wire.ts";
import type { Invite, OpenCloudState } from "./state.ts";

interface Occasion {
  readonly invite: Invite;
  readonly recipient: string;
  readonly link: string | null;
}

/** The mail that invites, shaped after reference/ocm.md 2.2 and 2.3; its sentences are our own. */
export function inviteMail(cloud: OpenCloudState, occasion: Occasion): Letter {
  const message = cloud.conduct.family === "reva" ? revaMail(cloud, occasion) : productMail(cloud, occasion);
  return { from: senderOf(cloud), to: occasion.recipient, message };
}

function senderOf({ hostname }: OpenCloudState): string {
  return `noreply@${hostname}`;
}

/** Of oCIS and OpenCloud: the placeholder in the subject stays unfilled, there is no Message-ID, HTML shows the link as text. */
function productMail(cloud: OpenCloudState, { invite, recipient, link }: Occasion): string {
  const isOcis = cloud.conduct.family === "ocis";
  const product = isOcis ? "ownCloud" : "OpenCloud";
  const { displayName, mail } = invite.user;
  const settings = isOcis ? "federation provider" : "federation";
  const pointer = `enter these two values in your ${settings} settings:`;
  const way = link === null ? [`To agree, ${pointer}`] : ["To agree, go to", link, "", `or ${pointer}`];
  const lines = [
    "Hello,",
    "",
    `${displayName} (${mail}) would like to work with you on shared files.`,
    ...way,
    `  Token: ${invite.token}`,
    `  ProviderDomain: ${cloud.origin}`,
    "",
    "---",
    `${product} - your files, wherever you are`,
    isOcis ? "https://owncloud.com" : "https://opencloud.eu",
  ];
  const boundary = randomBytes(30).toString("hex");
  const html = `<!DOCTYPE html>\r\n<html>\r\n<body>\r\n${lines.map(escaped).join("<br>\r\n")}\r\n</body>\r\n</html>`;
  return [
    `From: ${named(`${displayName} via ${product}`)} <${senderOf(cloud)}>`,
    `To: <${recipient}>`,
    "Subject: ScienceMesh: {InitiatorName} wants to collaborate with you",
    `Date: ${date()}`,
    "MIME-Version: 1.0",
    `Content-Type: multipart/alternative;\r\n boundary=${boundary}`,
    "",
    ...part(boundary, "plain", lines.join("\r\n")),
    ...part(boundary, "html", html),
    `--${boundary}--`,
    "",
  ].join("\r\n");
}

function part(boundary: string, subtype: "plain" | "html", text: string): string[] {
  return [
    `--${boundary}`,
    "Content-Transfer-Encoding: quoted-printable",
    `Content-Type: text/${subtype}; charset=UTF-8`,
    "",
    quotedPrintable(text),
  ];
}

/**
 * Of reva, ill-formed as it is: raw UTF-8 in the subject, Message-ID without its brackets, charset twice, the body one
 * long line of base64, escapes of HTML in plain text, and an empty line where a link should be.
 */
function revaMail(cloud: OpenCloudState, { invite, recipient }: Occasion): string {
  const { displayName, mail } = invite.user;
  const lines = [
    "Hi,",
    "",
    `${displayName} (${mail}) wants to share OCM resources with you. That&#39;s where you can agree:`,
    "",
    "",
    `Token: ${invite.token}`,
    `ProviderDomain: ${cloud.host}`,
    "",
    "The ScienceMesh team",
    "",
  ];
  return [
    `From: ${senderOf(cloud)}`,
    `To: ${recipient}`,
    `Subject: ScienceMesh: ${displayName} wants to collaborate with you`,
    `Date: ${date()}`,
    `Message-ID: ${randomUUID()}@${cloud.hostname}`,
    "MIME-Version: 1.0",
    'Content-Type: text/plain; charset=utf-8; charset="utf-8"',
    "Content-Transfer-Encoding: base64",
    "",
    Buffer.from(lines.join("\n")).toString("base64"),
    "",
  ].join("\r\n");
}

function named(name: string): string {
  const encoded = encodedWords(name);
  return encoded === name ? `"${name.replaceAll(/["\\]/g, "\\$&")}"` : encoded;
}

function date(): string {
  return new Date().toUTCString().replace("GMT", "+0000");
}
