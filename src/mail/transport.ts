/** The port for handing one mail to an SMTP server. `mail/smtp-transport.ts` implements it on nodemailer. */
export interface MailTransport extends AsyncDisposable {
  /** Sends bytes as they are to one recipient. Never throws for what a server says. */
  send(mail: OutgoingMail, signal: AbortSignal, beforeContent?: BeforeContent): Promise<Receipt>;
}

/**
 * Runs after the server agreed to take the message (354) and before its first byte leaves. A throw keeps the message
 * back; the receipt is then temporary.
 */
export type BeforeContent = () => Promise<void>;

export interface OutgoingMail {
  /** Envelope sender (RFC 5321), a bare addr-spec; empty for the null one, of which nothing comes back. */
  readonly from: string;
  /** Envelope recipient, a bare addr-spec. */
  readonly to: string;
  /** A whole RFC 5322 message. */
  readonly raw: Buffer;
  /**
   * Names the mail in delivery reports (RFC 3461 section 4.4), and asks for them where the mail server can be asked. Left
   * out: nothing is asked for, and a failure alone comes back.
   */
  readonly envelopeId?: string;
}

/** What an SMTP server said about one message to one recipient. */
export type Receipt =
  | { readonly kind: "accepted"; readonly reply: string }
  /** 5yz: final for this recipient. */
  | { readonly kind: "permanent"; readonly code: number; readonly reply: string }
  /** 4yz, or no connection: nothing was handed over. */
  | { readonly kind: "temporary"; readonly code: number | null; readonly reply: string }
  /** The connection broke after DATA began: the server may have the mail (reference/security.md, promise S3). */
  | { readonly kind: "unknown"; readonly reply: string };
