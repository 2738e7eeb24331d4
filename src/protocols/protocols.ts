import { oxMailReader } from "./ox/detect.ts";
import type { MailReader } from "./protocol.ts";

/** How mails are read: a protocol joins here with one line. The first reader that knows a mail decides about it. */
export const mailReaders: readonly MailReader[] = [oxMailReader];
