import { findProgram } from "./packages.ts";

/**
 * Before any test: the servers that tests start are there, or one message says which line to type. An installation takes
 * longer than a test may.
 */
export async function setup(): Promise<void> {
  await findProgram("dovecot", ["dovecot-imapd", "dovecot-lmtpd"]);
  // Postfix starts as root only; without it the tests that need it are skipped.
  if (process.getuid?.() === 0) await findProgram("postfix", ["postfix"]);
}
