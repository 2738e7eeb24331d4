import { startEmulatedServer } from "../../world/emulated-server.ts";
import type { Reply } from "../../world/faulty-answers.ts";
import type { OcmServerOptions } from "../../world/ocm/server.ts";
import { json, type OcmRequest, readRequest } from "../../world/ocm/wire.ts";

export type Answer = (request: OcmRequest) => Reply | null;

/** A server of no family: it answers as the test says, and 404 elsewhere. */
export async function startOddServer(options: OcmServerOptions & { readonly answer: Answer }) {
  const asked: string[] = [];
  const missing = json(404, { message: "There is nothing here." });
  const server = await startEmulatedServer(options, {
    read: readRequest,
    placeOf: () => "any",
    shownPath: ({ path }) => path,
    misdirected: missing,
    answer: (request) => {
      asked.push(`${request.method} ${request.path}`);
      return options.answer(request) ?? missing;
    },
  });
  return {
    ...server,
    origin: `https://${options.hostname}:${server.port}`,
    /** `METHOD /path`, in order. */
    asked: () => [...asked],
  };
}
