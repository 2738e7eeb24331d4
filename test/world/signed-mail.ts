import { generateKeyPairSync } from "node:crypto";
import { dkimSign } from "mailauth/lib/dkim/sign.js";
import type { ResolveTxt } from "../../src/mail/key-records.ts";

/** A domain's signing key with its record, as a sender's administrator makes them. */
export interface SigningKey {
  readonly privateKey: string;
  readonly record: string;
}

export function makeKey(kind: "rsa" | "ed25519" = "rsa", bits = 2048): SigningKey {
  const { publicKey, privateKey } =
    kind === "rsa" ? generateKeyPairSync("rsa", { modulusLength: bits }) : generateKeyPairSync("ed25519");
  const der = publicKey.export({ type: "spki", format: "der" });
  const bare = kind === "rsa" ? der : der.subarray(-32);
  return {
    privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    record: `v=DKIM1; k=${kind}; p=${bare.toString("base64")}`,
  };
}

export interface Signing {
  readonly key: SigningKey;
  readonly domain?: string;
  readonly selector?: string;
  readonly fields?: readonly string[];
  readonly expires?: Date;
  readonly bodyLength?: number;
}

/** The mail with a DKIM-Signature field on top. */
export async function signed(mail: string, signing: Signing): Promise<string> {
  const { key, domain = "cloud-a.example", selector = "s1", fields, expires, bodyLength } = signing;
  const only = {
    signingDomain: domain,
    selector,
    privateKey: key.privateKey,
    headerList: [...(fields ?? defaultFields)],
    ...(bodyLength === undefined ? {} : { maxBodyLength: bodyLength }),
  };
  const times = expires === undefined ? {} : { expires, signTime: new Date(expires.getTime() - 60_000) };
  const { signatures, errors } = await dkimSign(mail, { ...only, ...times, signatureData: [only] });
  if (signatures === "") throw new Error(`The test's mail could not be signed: ${JSON.stringify(errors)}`);
  return signatures + mail;
}

const defaultFields = [
  "From",
  "Subject",
  "Date",
  "Reply-To",
  "Content-Type",
  "Content-Transfer-Encoding",
  "X-Open-Xchange-Share-URL",
  "X-Open-Xchange-Share-Type",
];

/** A name server that knows these TXT records, and remembers what it was asked. */
export function namesOf(records: Readonly<Record<string, string>>): {
  readonly resolve: ResolveTxt;
  readonly asked: readonly string[];
} {
  const asked: string[] = [];
  return {
    asked,
    resolve: async (name) => {
      asked.push(name);
      const record = records[name];
      if (record === undefined) throw Object.assign(new Error("no such name"), { code: "ENOTFOUND" });
      // As name servers cut long records (RFC 6376 section 3.6.2.2).
      return [record.match(/.{1,255}/g) ?? []];
    },
  };
}

const link = `https://share.cloud-a.example/ajax/share/${"017e6264027bd25a17e62632".repeat(2)}/1/8/NDEwMg`;

/** A share mail as OX writes it, with CRLF. */
export const oxMail = [
  "From: Alice Sender <alice@cloud-a.example>",
  "To: bob@recipient.example",
  'Subject: Alice Sender shared the folder "Plans" with you',
  "Date: Mon, 5 Oct 2026 20:29:32 +0200",
  "Message-ID: <1@cloud-a.example>",
  "X-Open-Xchange-Share-Type: share-created",
  `X-Open-Xchange-Share-URL: ${link}`,
  "Content-Type: text/plain; charset=UTF-8",
  "Content-Transfer-Encoding: 7bit",
  "",
  "Have a look.",
  "",
].join("\r\n");
