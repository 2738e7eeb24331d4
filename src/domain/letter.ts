import type { MailAddress } from "./mail.ts";

/** What every mail that Usher writes has, whatever it says. */
export interface Letter {
  /** BCP 47 tag. */
  readonly locale: string;
  /** Who sends it: the site's own address. */
  readonly site: MailAddress;
  /** With angle brackets. */
  readonly messageId: string;
  /** Milliseconds since 1970. */
  readonly date: number;
}

/** A letter put into a whole RFC 5322 message. The same letter gives the same bytes. */
export type WrittenLetter =
  | { readonly kind: "written"; readonly raw: Buffer }
  /** `temporary`: the operator can repair what is wrong, and the letter need not change. */
  | { readonly kind: "not-written"; readonly temporary: boolean; readonly why: string };
