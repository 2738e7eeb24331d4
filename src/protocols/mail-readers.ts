import { cozyMailReader } from "./cozy/detect.ts";
import { cozyV1MailReader } from "./cozy-v1/detect.ts";
import { nextcloudMailReader } from "./nextcloud/detect.ts";
import { ocmMailReader } from "./ocm/detect.ts";
import { oxMailReader } from "./ox/detect.ts";
import type { MailReader } from "./protocol.ts";
import { publicLinkMailReader } from "./public-link/detect.ts";
import { createUsherMailReader } from "./usher/detect.ts";

/**
 * How mails of others are read: a protocol joins here with one line. The first reader that knows a mail decides about it, so
 * they stand in the order of what they can be sure of: a header field that only one product writes, links with a share in a form of
 * their own, links and labels with two fixed names, a fixed phrase without any link, and last the public link, which is
 * little more than a short path and may stand beside any of the others. Apart from the clients, because `usher inspect`
 * starts at once and needs none of them.
 */
const protocolReaders: readonly MailReader[] = [
  oxMailReader,
  cozyV1MailReader,
  cozyMailReader,
  ocmMailReader,
  nextcloudMailReader,
  publicLinkMailReader,
];

/** How mails are read: those of Usher by what they say of themselves, whatever the protocol of the share is. */
export const mailReaders: readonly MailReader[] = [
  createUsherMailReader(protocolReaders),
  ...protocolReaders,
];
