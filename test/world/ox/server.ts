import {
  type EmulatedServer,
  type EmulatedServerOptions,
  type Observed,
  startEmulatedServer,
  type Trouble,
} from "../emulated-server.ts";
import { type OxReply, type OxRequest, pageReply, readRequest } from "./wire.ts";

/** Kinds of requests that a fault can be confined to. */
export type Place = "link" | "redeem" | "login" | "logout" | "api" | "document";

export type OxTrouble = Trouble<Place>;
export type OxObserved = Observed<Place>;
export type OxServer = EmulatedServer<Place>;

interface OxLogic {
  placeOf(request: OxRequest): Place;
  answer(request: OxRequest): OxReply | Promise<OxReply>;
}

/** An emulated server that reads requests as OX does. */
export async function startOxServer(options: EmulatedServerOptions, logic: OxLogic): Promise<OxServer> {
  const misdirected = pageReply(421, "This is another server.");
  return startEmulatedServer(options, {
    ...logic,
    read: readRequest,
    shownPath: withoutSecrets,
    misdirected,
  });
}

const harmless = new Set([
  "action",
  "id",
  "folder",
  "parent",
  "columns",
  "allow_enqueue",
  "client",
  "language",
]);

/** Path and query with tokens cut to eight digits and everything secret left out. */
function withoutSecrets({ path, query }: OxRequest): string {
  const shown = [...query].map(([name, value]) => `${name}=${harmless.has(name) ? value : "…"}`);
  const short = path.replaceAll(/([0-9a-f]{8})[0-9a-f]{40}/gi, "$1…");
  return shown.length === 0 ? short : `${short}?${shown.join("&")}`;
}
