import { createOx } from "./ox/ox.ts";
import type { OxParts } from "./ox/parts.ts";
import type { Protocol } from "./protocol.ts";

/** How shares are followed: the second line of a protocol that can be (the first is in mail-readers.ts). */
export function createProtocols(parts: OxParts): readonly Protocol[] {
  return [createOx(parts)];
}
