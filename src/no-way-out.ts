import type { OutboundClient } from "./http/outbound.ts";

/** For rooms that read, decide and answer: no request follows from a mail or an answer before its job runs (law 3). */
export const noWayOut: OutboundClient = {
  request: async () => refuse(),
  download: async () => refuse(),
};

function refuse(): never {
  throw new Error("What is only read or answered must not cause a request.");
}
