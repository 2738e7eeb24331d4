import type { Socket } from "node:net";
import { type buildConnector, Client } from "undici";
import { headerValues } from "./answer.ts";
import { cookieField, keepCookies } from "./cookies.ts";
import type { Deadline } from "./deadline.ts";
import type { HttpLimits } from "./http-limits.ts";
import { OutboundError, type OutboundResponse } from "./outbound.ts";
import type { Hop } from "./redirect.ts";
import type { Target } from "./target.ts";

/** One request over a connection that was judged. */
export interface Conversation {
  readonly hop: Hop;
  readonly target: Target;
  readonly socket: Socket;
  readonly userAgent: string;
  readonly deadline: Deadline;
  readonly bounds: HttpLimits;
}

/** The head of an answer, and its body as it comes; ends the connection when disposed of. */
export interface Exchange extends AsyncDisposable {
  readonly status: number;
  readonly headers: OutboundResponse["headers"];
  readonly body: AsyncIterable<Uint8Array>;
}

/** Sends one request over an open connection and reads the head of the answer. */
export async function converse(talk: Conversation): Promise<Exchange> {
  const { hop, target, socket, deadline, bounds } = talk;
  const client = new Client(target.url.origin, {
    connect: handOver(socket),
    maxHeaderSize: bounds.httpHeaderBytes,
    // undici's timers count gaps; the deadline counts time.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  async function end(): Promise<void> {
    await client.destroy();
    // Where undici never took it.
    socket.destroy();
  }
  try {
    const answer = await deadline.within(bounds.httpHeadersMs, "headers-timeout", async () =>
      client.request({
        path: target.url.pathname + target.url.search,
        method: hop.method,
        headers: await requestHeaders(talk),
        body: hop.body ?? null,
        reset: true,
        signal: deadline.signal,
      }),
    );
    // A body that is cut off by the end of the exchange has nobody to tell.
    answer.body.on("error", () => undefined);
    const headers = headerValues(answer.headers);
    await keepCookies(hop, headers);
    return { status: answer.statusCode, headers, body: answer.body, [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  }
}

async function requestHeaders({ hop, userAgent }: Conversation): Promise<Record<string, string>> {
  const headers: Record<string, string> = { "user-agent": userAgent };
  for (const [name, value] of Object.entries(hop.headers ?? {})) headers[name.toLowerCase()] = value;
  const cookie = await cookieField(hop);
  if (cookie !== "") headers["cookie"] = cookie;
  headers["accept-encoding"] = "identity";
  return headers;
}

/** Gives undici the checked connection once; another one, which it would open by itself, is refused. */
function handOver(socket: Socket): buildConnector.connector {
  let isLeft = true;
  return (_options, callback) => {
    const isFirst = isLeft;
    isLeft = false;
    // undici waits for ever where the connection is there before its call has ended.
    queueMicrotask(() => {
      if (isFirst) callback(null, socket);
      else callback(new OutboundError("connection-broken", true), null);
    });
  };
}
