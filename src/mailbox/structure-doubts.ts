import { isRefusal } from "./session.ts";

/**
 * Mails whose BODYSTRUCTURE was asked for when the connection broke. A structure has no bound but the limits of a line
 * (limits.imapLineBytes), and passing them ends the connection: without this memory one mail could do so for ever. Who was
 * asked for in company is asked for alone next time; who was alone is not asked for any more and is read from its beginning.
 */
export class StructureDoubts {
  readonly #suspects = new Map<string, "in-company" | "alone">();

  /** How each mail is to be asked for. Mails are named by any text that is theirs alone. */
  verdict(mail: string): "in-company" | "alone" | "never" {
    const suspicion = this.#suspects.get(mail);
    if (suspicion === undefined) return "in-company";
    return suspicion === "in-company" ? "alone" : "never";
  }

  /** Does what asks for these structures; while it runs, and where the connection breaks, they are suspects. */
  async during<T>(mails: readonly string[], ask: () => Promise<T>): Promise<T> {
    if (this.#suspects.size > mostSuspects) this.#suspects.clear();
    for (const mail of mails) this.#suspects.set(mail, mails.length === 1 ? "alone" : "in-company");
    try {
      const answer = await ask();
      this.#acquit(mails);
      return answer;
    } catch (error) {
      if (isRefusal(error)) this.#acquit(mails);
      throw error;
    }
  }

  #acquit(mails: readonly string[]): void {
    for (const mail of mails) this.#suspects.delete(mail);
  }
}

/** Ten batches; a mailbox with more of them has a broken line, not broken mails. */
const mostSuspects = 5000;
