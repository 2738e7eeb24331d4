/** The thread that verifies DKIM signatures. It asks nobody: key records come with the mail. Says `ready` once, then answers. */

import { parentPort } from "node:worker_threads";
import { dkimVerify } from "mailauth/lib/dkim/verify.js";
import type { SignatureFinding } from "../domain/evidence.ts";

/** One mail to verify, with the key records of the signatures that matter. */
export interface VerifyRequest {
  readonly raw: Uint8Array;
  /** By lower-case name; every other name has none. */
  readonly records: ReadonlyMap<string, KeyRecord>;
}

/** The TXT records of one name, or the code of the name server's answer. */
export type KeyRecord = { readonly texts: readonly (readonly string[])[] } | { readonly code: string };

export interface VerifyAnswer {
  readonly signatures: readonly VerifiedSignature[];
}

/** One signature of the mail. */
export interface VerifiedSignature {
  readonly domain: string;
  readonly selector: string;
  readonly result: SignatureFinding["result"];
  /** In mailauth's words. */
  readonly because: string;
  /** Part of the body is not covered (`l=`). */
  readonly isBodyCut: boolean;
  /** The header fields covered, as they stand in the mail. */
  readonly signedLines: readonly string[];
}

parentPort?.on("message", (request: VerifyRequest) => {
  void answer(request);
});
parentPort?.postMessage("ready", []);

async function answer({ raw, records }: VerifyRequest): Promise<void> {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const verified = await dkimVerify(bytes, {
    strict: true,
    resolver: async (name) => recordOf(records, name),
  });
  const signatures = verified.results.flatMap(signatureOf);
  const reply: VerifyAnswer = { signatures };
  parentPort?.postMessage(reply, []);
}

async function recordOf(records: VerifyRequest["records"], name: string): Promise<string[][]> {
  const record = records.get(name.toLowerCase()) ?? { code: "ENOTFOUND" };
  if ("texts" in record) return record.texts.map((texts) => [...texts]);
  throw Object.assign(new Error("no record"), { code: record.code });
}

type Verified = Awaited<ReturnType<typeof dkimVerify>>["results"][number];

function signatureOf(verified: Verified): readonly VerifiedSignature[] {
  const { signingDomain, selector, status, signingHeaders, canonBodyLengthLimited } = verified;
  if (signingDomain === undefined || selector === undefined) return [];
  const comment = status.comment;
  return [
    {
      domain: signingDomain,
      selector,
      result: resultOf(status.result),
      because: typeof comment === "string" ? comment : status.result,
      isBodyCut: canonBodyLengthLimited !== false,
      signedLines: signingHeaders?.headers ?? [],
    },
  ];
}

function resultOf(result: string): SignatureFinding["result"] {
  return results.find((known) => known === result) ?? "neutral";
}

const results: readonly SignatureFinding["result"][] = [
  "pass",
  "fail",
  "neutral",
  "policy",
  "temperror",
  "none",
];
