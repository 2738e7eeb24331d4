/** Exit codes of every command (DESIGN.md, outside contracts). */
export const exitCodes = { done: 0, failed: 1, usage: 2, forcedStop: 70, config: 78 } as const;
