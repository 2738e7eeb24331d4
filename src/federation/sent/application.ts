import {
  OutboundError,
  type OutboundDownload,
  type OutboundRequest,
  type OutboundResponse,
} from "../../http/outbound.ts";
import type { PeerRequest } from "../../http/peer-route.ts";
import { openSentShare, type SentShareRow } from "../../store/ocm-sent-shares.ts";
import type { FederationParts } from "../parts.ts";

/** Where what is shared lies, and what opens it there. Both secret. */
export interface Application {
  readonly url: string;
  readonly authorization: string;
}

export function applicationOf({ sealer }: Pick<FederationParts, "sealer">, share: SentShareRow): Application {
  const secret = openSentShare(sealer, share, "resource_secret_sealed");
  const login = share.resource_login;
  return {
    url: openSentShare(sealer, share, "resource_url_sealed"),
    authorization:
      login === null ? `Bearer ${secret}` : `Basic ${Buffer.from(`${login}:${secret}`).toString("base64")}`,
  };
}

/** A request that goes on to the application in the name of a peer. */
export interface Relayed {
  readonly share: SentShareRow;
  readonly application: Application;
  readonly request: PeerRequest<null>;
}

export type NotReached = { readonly kind: "not-reached"; readonly temporary: boolean };

/** One request, its answer read whole; behind the outgoing guard like all others. */
export async function ask(
  parts: Pick<FederationParts, "http" | "tell">,
  { share, application, request }: Relayed,
  wanted: Omit<OutboundRequest, "signal">,
): Promise<OutboundResponse | NotReached> {
  const headers = { ...wanted.headers, authorization: application.authorization };
  return reaching(parts, share, async () =>
    parts.http.request({ ...wanted, headers, signal: request.signal }),
  );
}

/** One file or a part of it, streamed; must be read or disposed of. */
export async function download(
  parts: Pick<FederationParts, "http" | "tell">,
  { share, application, request }: Relayed,
  { url, headers }: { readonly url: string; readonly headers: Readonly<Record<string, string>> },
): Promise<OutboundDownload | NotReached> {
  const fields = { ...headers, authorization: application.authorization };
  return reaching(parts, share, async () =>
    parts.http.download({ url, headers: fields, signal: request.signal }),
  );
}

async function reaching<Answer>(
  { tell }: Pick<FederationParts, "tell">,
  { id }: SentShareRow,
  reach: () => Promise<Answer>,
): Promise<Answer | NotReached> {
  try {
    return await reach();
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error;
    const { reason, temporary } = error;
    if (reason !== "aborted") tell("share-not-relayed", { share: id, reason });
    return { kind: "not-reached", temporary };
  }
}
