import { limits } from "../../domain/limits.ts";
import { createDailyCounts } from "../daily-counts.ts";

/** Which requests of strangers an instance host takes: those that the account waits for, and a bounded number of others. */
export interface RequestGate {
  /** Requests for this sharing are waited for until this is disposed of: they count for nothing. */
  waitFor(accountId: string, documentId: string): Disposable;
  isWaitedFor(accountId: string, documentId: string): boolean;
  /** Counts a request; how long its sender is to wait where it is one too many, else null. */
  take(request: IncomingRequest, nowMs: number): number | null;
}

interface IncomingRequest {
  readonly accountId: string;
  readonly documentId: string;
  /** `https://host[:port]` that the request names; nobody vouches for it. */
  readonly sharerUrl: string;
}

export function createRequestGate(): RequestGate {
  const awaited = new Map<string, number>();
  const counts = createDailyCounts();
  return {
    waitFor: (accountId, documentId) => {
      const key = `${accountId} ${documentId}`;
      awaited.set(key, (awaited.get(key) ?? 0) + 1);
      return {
        [Symbol.dispose]: () => {
          const left = (awaited.get(key) ?? 1) - 1;
          if (left > 0) awaited.set(key, left);
          else awaited.delete(key);
        },
      };
    },
    isWaitedFor: (accountId, documentId) => awaited.has(`${accountId} ${documentId}`),
    take: ({ accountId, documentId, sharerUrl }, nowMs) => {
      if (awaited.has(`${accountId} ${documentId}`)) return null;
      // The account first: sharers are invented easily, and must not be remembered in its place.
      return (
        counts.take(accountId, limits.cozyRequestsPerDay, nowMs) ??
        counts.take(`${accountId} ${sharerUrl}`, limits.cozyRequestsPerSharer, nowMs)
      );
    },
  };
}
