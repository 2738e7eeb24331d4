import { limits } from "../../domain/limits.ts";

/** Files that are on their way to recipients of shares. */
export interface Streams {
  /** Counts one more of a share, until what it gives is called; null where it has enough under way. */
  begin(shareId: string): (() => void) | null;
}

/** One recipient who reads slowly must not keep all others from the application (limits.ocmStreamsPerShare). */
export function createStreams(): Streams {
  const running = new Map<string, number>();
  const add = (shareId: string, more: number): void => {
    const now = (running.get(shareId) ?? 0) + more;
    if (now > 0) running.set(shareId, now);
    else running.delete(shareId);
  };
  return {
    begin: (shareId) => {
      if ((running.get(shareId) ?? 0) >= limits.ocmStreamsPerShare) return null;
      add(shareId, 1);
      let isRunning = true;
      return () => {
        if (isRunning) add(shareId, -1);
        isRunning = false;
      };
    },
  };
}
