import { startDeadline } from "./deadline.ts";
import type { Exchange } from "./exchange.ts";
import { failureOf } from "./failure.ts";
import type { HttpLimits } from "./http-limits.ts";
import type { OutboundDownload } from "./outbound.ts";

/**
 * The body of an exchange as a stream that is read once, at the reader's pace. Silence and the callers end it; the
 * exchange ends with the last chunk, with the first error, or when the download is disposed of.
 */
export function streamed(
  exchange: Exchange,
  bounds: HttpLimits,
  callers: readonly AbortSignal[],
): OutboundDownload {
  const deadline = startDeadline(bounds.httpStreamTotalMs, callers);
  async function end(): Promise<void> {
    deadline[Symbol.dispose]();
    await exchange[Symbol.asyncDispose]();
  }
  async function* read(): AsyncGenerator<Uint8Array, undefined> {
    const chunks = exchange.body[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await deadline.within(bounds.httpStreamSilenceMs, "stream-silent", async () =>
          chunks.next(),
        );
        if (next.done === true) return undefined;
        yield next.value;
      }
    } catch (error) {
      throw failureOf(error) ?? error;
    } finally {
      await end();
    }
  }
  const { status, headers } = exchange;
  return { status, headers, body: read(), [Symbol.asyncDispose]: end };
}
