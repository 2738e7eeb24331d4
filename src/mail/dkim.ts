import type { RegistrableDomain } from "../domain/authentication-results.ts";
import { parseHeaderFields } from "../domain/header-fields.ts";
import { limits } from "../domain/limits.ts";
import { oneLine } from "../domain/one-line.ts";
import {
  type DkimVerdict,
  isSameSignature,
  type SignatureCandidate,
  signatureCandidates,
} from "../domain/signature.ts";
import { type BoundedThread, createBoundedThread } from "./bounded-thread.ts";
import type { KeyRecord, VerifiedSignature, VerifyAnswer, VerifyRequest } from "./dkim-worker.ts";
import { readHead } from "./headers.ts";
import { createResolveTxt, type ResolveTxt } from "./key-records.ts";

/** Verifies the DKIM signatures of mails (RFC 6376) in a thread of its own. */
export interface DkimCheck extends AsyncDisposable {
  /**
   * What the mail's signatures prove about its From domain. Never rejects over a mail or a name server: what cannot be
   * known is `temperror`, and asked again later.
   * @param raw The whole mail; one larger than limits.dkimMailBytes is not verified.
   * @throws DkimError for a fault of this machine.
   */
  verify(raw: Buffer): Promise<DkimVerdict>;
}

/** The thread could not start, or the check was closed: nothing is known about the mail. */
export class DkimError extends Error {
  override readonly name = "DkimError";
  readonly temporary = true;
}

export interface DkimParts {
  readonly registrableDomain: RegistrableDomain;
  readonly resolve?: ResolveTxt;
  /** What verifies; a thread of its own where it is left out. */
  readonly thread?: BoundedThread<VerifyRequest, VerifyAnswer>;
}

/** A check whose thread starts with the first signed mail and ends when idle. */
export function createDkimCheck(parts: DkimParts): DkimCheck {
  const resolve = parts.resolve ?? createResolveTxt();
  const thread = parts.thread ?? verifyingThread();
  return {
    verify: async (raw) => {
      if (raw.length > limits.dkimMailBytes) {
        return unproven("none", `mails larger than ${limits.dkimMailBytes / 1024} KiB are not verified`);
      }
      const head = readHead(raw);
      const candidates = head.isCut ? [] : signatureCandidates(head.fields, parts.registrableDomain);
      if (candidates.length === 0) return unproven("none", "not signed by the sender's domain");
      return verifyWith(thread, { raw, records: await keyRecords(candidates, resolve) }, candidates);
    },
    [Symbol.asyncDispose]: async () => thread[Symbol.asyncDispose](),
  };
}

function verifyingThread(): BoundedThread<VerifyRequest, VerifyAnswer> {
  return createBoundedThread<VerifyRequest, VerifyAnswer>({
    module: new URL("./dkim-worker.ts", import.meta.url),
    bounds: { timeMs: limits.dkimTimeMs, heapMb: limits.dkimHeapMb },
    name: "DKIM check",
    isAnswer: isVerified,
    fault: (message, options) => new DkimError(message, options),
  });
}

async function verifyWith(
  thread: BoundedThread<VerifyRequest, VerifyAnswer>,
  request: VerifyRequest,
  candidates: readonly SignatureCandidate[],
): Promise<DkimVerdict> {
  const answer = await thread.ask(request);
  if ("stopped" in answer) return unproven("neutral", answer.stopped);
  const about = answer.signatures.filter((signature) =>
    candidates.some((candidate) => isSameSignature(candidate, signature)),
  );
  const proof = about.find(({ result, isBodyCut }) => result === "pass" && !isBodyCut);
  if (proof !== undefined) return verdictOn(proof);
  // Where a name server owes an answer, another signature that fails decides nothing yet.
  const [first] = [...about.filter(({ result }) => result === "temperror"), ...about];
  if (first === undefined) return unproven("none", "no signature could be read");
  if (first.result === "pass") return unproven("neutral", "the signature covers only part of the body");
  return { ...verdictOn(first), signedFields: [] };
}

function verdictOn({ domain, result, because, signedLines }: VerifiedSignature): DkimVerdict {
  return {
    result,
    domain: oneLine(domain, limits.remoteTextChars).toLowerCase(),
    because: oneLine(because, limits.remoteTextChars),
    signedFields: signedLines.flatMap((line) => parseHeaderFields(line).fields),
  };
}

function unproven(result: DkimVerdict["result"], because: string): DkimVerdict {
  return { result, domain: null, because, signedFields: [] };
}

/** All key records at once, together within limits.dkimLookupMs. */
async function keyRecords(
  candidates: readonly SignatureCandidate[],
  resolve: ResolveTxt,
): Promise<ReadonlyMap<string, KeyRecord>> {
  const signal = AbortSignal.timeout(limits.dkimLookupMs);
  const names = new Set(candidates.map(({ domain, selector }) => `${selector}._domainkey.${domain}`));
  const found = await Promise.all(
    [...names].map(async (name): Promise<[string, KeyRecord]> => [
      name,
      await keyRecord(name, resolve, signal),
    ]),
  );
  return new Map(found);
}

async function keyRecord(name: string, resolve: ResolveTxt, signal: AbortSignal): Promise<KeyRecord> {
  try {
    const texts = await Promise.race([resolve(name, signal), aborted(signal)]);
    const isSane = texts.length === 1 && (texts[0] ?? []).join("").length <= limits.dkimRecordChars;
    return isSane ? { texts } : { code: "EINVALIDVAL" };
  } catch (error) {
    return { code: codeOf(error) };
  }
}

async function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const give = (): void => reject(Object.assign(new Error("no answer in time"), { code: "ETIMEOUT" }));
    if (signal.aborted) give();
    else signal.addEventListener("abort", give, { once: true });
  });
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "EFAIL";
}

function isVerified(value: unknown): value is VerifyAnswer {
  return typeof value === "object" && value !== null && "signatures" in value;
}
