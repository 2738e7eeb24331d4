import { oxMailReader } from "./ox/detect.ts";
import { createOx } from "./ox/ox.ts";
import type { OxParts } from "./ox/parts.ts";
import type { MailReader, Protocol } from "./protocol.ts";

/** How mails are read: a protocol joins here with one line. The first reader that knows a mail decides about it. */
export const mailReaders: readonly MailReader[] = [oxMailReader];

/** How shares are followed: the second line of a protocol that can be. */
export function createProtocols(parts: OxParts): readonly Protocol[] {
  return [createOx(parts)];
}
