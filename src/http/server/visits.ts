import { limits } from "../../domain/limits.ts";
import type { OpenReply } from "../../protocols/protocol.ts";
import type { Looked, SharedFiles } from "./parts.ts";

/** Looks behind subscriptions that can be waited for, so that a stop leaves no guest logged in at an origin. */
export interface CountedFiles {
  readonly files: SharedFiles;
  /** Waits until no look is under way and each opened file was given back, at most limits.serverCloseMs. */
  allEnded(): Promise<void>;
}

export function countVisits(files: SharedFiles): CountedFiles {
  const running = new Set<Promise<unknown>>();
  async function counted<T>(visit: Promise<T>): Promise<T> {
    running.add(visit);
    return visit.finally(() => running.delete(visit));
  }
  async function open(...asked: Parameters<SharedFiles["open"]>): Promise<Looked<OpenReply>> {
    const reply = await files.open(...asked);
    if (reply.kind !== "opened") return reply;
    const ended = Promise.withResolvers<void>();
    void counted(ended.promise);
    return {
      ...reply,
      [Symbol.asyncDispose]: async () => {
        try {
          await reply[Symbol.asyncDispose]();
        } finally {
          ended.resolve();
        }
      },
    };
  }
  async function drain(): Promise<void> {
    while (running.size > 0) await Promise.allSettled(running);
  }
  return {
    files: {
      browse: async (...asked) => counted(files.browse(...asked)),
      open: async (...asked) => counted(open(...asked)),
    },
    allEnded: async () => {
      const patience = Promise.withResolvers<void>();
      const timer = setTimeout(patience.resolve, limits.serverCloseMs);
      await Promise.race([drain(), patience.promise]);
      clearTimeout(timer);
    },
  };
}
