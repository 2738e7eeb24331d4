/**
 * The id that a member knows a document by: each hexadecimal digit XORed with his key, 16 numbers below 16 that are used over
 * and over. The same again gives the id back; other characters stay (reference/cozy.md 7.1). No key changes nothing.
 */
export function xorId(id: string, key: Uint8Array): string {
  if (key.length === 0) return id;
  return id.toLowerCase().replaceAll(/[0-9a-f]/g, (digit, place: number) => {
    return (Number.parseInt(digit, 16) ^ ((key[place % key.length] ?? 0) & 15)).toString(16);
  });
}
