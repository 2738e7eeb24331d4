import { limits } from "../../domain/limits.ts";
import type { MailView } from "../../domain/mail.ts";
import { oneLine } from "../../domain/one-line.ts";
import type { ShareNotification } from "../../domain/share.ts";
import { httpsOrigin } from "../../domain/web-link.ts";
import type { MailReader } from "../protocol.ts";

/**
 * Notices of the reader's own Nextcloud about a federated share that waits there (reference/ocm.md 2.3). There is no link
 * and no id: the words before the sharer's federated id are fixed.
 */
export const nextcloudMailReader: MailReader = {
  name: "federated-share",
  headers: [],
  mayAnnounce: (text) => text.includes("remote") && text.includes("share"),
  detect,
};

function detect(mail: MailView): ShareNotification | null {
  for (const line of mail.ownLines) {
    const notice = noticeIn(line);
    if (notice === null) continue;
    return {
      protocol: "federated-share",
      variant: "nextcloud-notification",
      origin: notice.origin,
      link: null,
      shareId: null,
      recipientKind: "member",
      module: "files",
      folder: null,
      item: null,
      sharer: { name: oneLine(notice.owner, limits.nameChars), address: mail.from[0]?.address ?? "" },
      title: notice.title,
    };
  }
  return null;
}

interface Notice {
  readonly origin: string;
  /** `@user@host`. */
  readonly owner: string;
  readonly title: string | null;
}

const notification = "as a remote share from @";
const activity = "new remote share ";

/** `… as a remote share from @user@host` of notifications, or `new remote share NAME from @user@host` of the activity mail. */
function noticeIn(line: string): Notice | null {
  const notified = line.indexOf(notification);
  if (notified !== -1) return noticeBy(line.slice(notified + notification.length - 1), "");
  const begun = line.indexOf(activity);
  const from = line.lastIndexOf(" from @");
  const name = begun + activity.length;
  return begun === -1 || from <= name
    ? null
    : noticeBy(line.slice(from + " from ".length), line.slice(name, from));
}

/** `text` begins with the federated id; an id of a person may hold `@` itself. */
function noticeBy(text: string, name: string): Notice | null {
  const id = (/^\S+/.exec(text)?.[0] ?? "").replace(/[^\p{L}\p{N}]{1,5}$/u, "");
  const at = id.lastIndexOf("@");
  const origin = at < 2 ? null : httpsOrigin(id.slice(at + 1));
  const title = oneLine(name, limits.titleChars);
  return origin === null ? null : { origin, owner: id, title: title === "" ? null : title };
}
