import { type Answered, statusOf } from "../ocm/caller.ts";
import { type CavageKey, cavageFields } from "../ocm/cavage.ts";
import { type MessageKey, messageFields } from "../ocm/message-signature.ts";
import type { OcmGround } from "../ocm/server.ts";

/** How a post is signed; each part has an honest value. */
export interface Manner {
  /** `rfc9421` unless given. */
  readonly signature?: "rfc9421" | "cavage" | "none";
  /** The date of the message lies so many seconds in the past. */
  readonly ageSeconds?: number;
  /** Named in place of the own key's id. */
  readonly keyId?: string;
  /** Blanks behind the commas of a cavage signature. */
  readonly hasBlanks?: boolean;
  /** Signed, and then replaced by this body. */
  readonly swappedBody?: string;
}

/** One post that went out, byte for byte. It may hold secrets. */
export interface SentMessage {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Null where no answer came. */
  readonly status: number | null;
}

export interface Sender extends Pick<OcmGround, "call"> {
  cavageKey: CavageKey;
  messageKey: MessageKey;
  readonly sent: SentMessage[];
}

export async function postSigned(
  sender: Sender,
  url: string,
  body: string,
  manner: Manner,
): Promise<Answered> {
  const signed = signatureFields(sender, new URL(url), body, manner);
  const { "content-length": _, ...fields } = signed;
  const sent = manner.swappedBody ?? body;
  return send(sender, url, { "content-type": "application/json", ...fields }, sent);
}

function signatureFields(sender: Sender, to: URL, body: string, manner: Manner) {
  const { signature = "rfc9421", ageSeconds = 0, keyId, hasBlanks = false } = manner;
  const { cavageKey, messageKey } = sender;
  const date = new Date(Date.now() - ageSeconds * 1000);
  const named = keyId === undefined ? {} : { keyId, kid: keyId };
  const fields: Record<string, string> = {
    none: () => ({}),
    rfc9421: () => ({ ...messageFields({ ...messageKey, ...named }, to, body, date) }),
    cavage: () => ({ ...cavageFields({ ...cavageKey, ...named }, to, body, date) }),
  }[signature]();
  const { signature: value } = fields;
  return hasBlanks && value !== undefined ? { ...fields, signature: value.replaceAll('",', '", ') } : fields;
}

/** Sends as it is, and remembers it. */
export async function send(
  { call, sent }: Sender,
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<Answered> {
  const answer = await call({ method: "POST", url, headers, body });
  sent.push({ url, headers, body, status: statusOf(answer) });
  return answer;
}
