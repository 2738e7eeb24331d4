/** The end of a switch over a closed union. Throws when a value slipped past the type checker. */
export function unreachable(value: never): never {
  throw new Error(`Unexpected value: ${JSON.stringify(value)}.`);
}
