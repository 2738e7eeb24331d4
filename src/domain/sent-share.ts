/** Where work at the server of a sent share's recipient belongs: in line with others there, and one thing at a time for each share. */
export function placeAtPeer({ id, host }: { readonly id: string; readonly host: string }) {
  return { subject: id, lane: `peer/${host}`, uniqueKey: `tell-peer/${id}` };
}
