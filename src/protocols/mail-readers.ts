import { oxMailReader } from "./ox/detect.ts";
import type { MailReader } from "./protocol.ts";

/**
 * How mails are read: a protocol joins here with one line. The first reader that knows a mail decides about it. Apart from
 * the clients, because `usher inspect` starts at once and needs none of them.
 */
export const mailReaders: readonly MailReader[] = [oxMailReader];
