import type { ImapFlow } from "imapflow";
import { limits } from "../domain/limits.ts";
import type { HeaderRow } from "./session.ts";
import { list, property } from "./untyped.ts";

/** imapflow's own way to send a command, which its types leave out; only with it can header fields be bounded. */
interface CommandClient {
  exec(
    command: string,
    attributes: readonly unknown[],
    options: { readonly untagged: Readonly<Record<string, (response: unknown) => Promise<void>>> },
  ): Promise<{ next(): void }>;
}

function takesCommands(client: ImapFlow): client is ImapFlow & CommandClient {
  return "exec" in client && typeof client.exec === "function";
}

/**
 * UID FETCH of chosen header fields, each mail's cut at limits.imapHeaderFieldsBytes: one mail with a huge field must
 * not cost the connection. `onRow` is called in the server's order and holds the stream back until it resolves.
 */
export async function fetchHeaderRows(
  client: ImapFlow,
  range: string,
  fields: readonly string[],
  onRow: (row: HeaderRow) => Promise<void>,
): Promise<void> {
  if (!takesCommands(client)) throw new Error("This version of imapflow has no exec(); use 2.1.2.");
  const section = [atom("HEADER.FIELDS"), fields.map(atom)];
  const headerFields = { ...atom("BODY.PEEK"), section, partial: [0, limits.imapHeaderFieldsBytes] };
  let failure: { readonly error: unknown } | null = null;
  const response = await client.exec(
    "UID FETCH",
    [{ type: "SEQUENCE", value: range }, [atom("UID"), atom("RFC822.SIZE"), headerFields]],
    {
      untagged: {
        FETCH: async (untagged) => {
          const row = headerRow(untagged);
          if (row === null || failure !== null) return;
          try {
            await onRow(row);
          } catch (error) {
            // imapflow swallows what its callbacks throw.
            failure = { error };
          }
        },
      },
    },
  );
  response.next();
  rethrow(failure);
}

function rethrow(failure: { readonly error: unknown } | null): void {
  if (failure !== null) throw failure.error;
}

function atom(value: string): { readonly type: "ATOM"; readonly value: string } {
  return { type: "ATOM", value };
}

/** A FETCH response with UID and header fields; null for others, which a server may send at any time. */
function headerRow(untagged: unknown): HeaderRow | null {
  const items = list(list(property(untagged, "attributes"))[1]);
  let uid: number | null = null;
  let sizeBytes = 0;
  let headerText: string | null = null;
  for (let index = 0; index + 1 < items.length; index += 2) {
    const name = property(items[index], "value");
    const value = property(items[index + 1], "value");
    if (name === "UID") uid = wholeNumber(value);
    else if (name === "RFC822.SIZE") sizeBytes = wholeNumber(value) ?? 0;
    else if (name === "BODY") headerText = text(value);
  }
  return uid === null || headerText === null ? null : { uid, sizeBytes, headerText };
}

function wholeNumber(value: unknown): number | null {
  return typeof value === "string" && /^\d{1,10}$/.test(value) ? Number(value) : null;
}

function text(value: unknown): string {
  if (Buffer.isBuffer(value)) return value.toString("utf8");
  return typeof value === "string" ? value : "";
}
