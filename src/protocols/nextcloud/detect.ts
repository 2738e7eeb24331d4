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

/** `… as a remote share from @user@host` of notifications, or `new remote share NAME from @user@host` of the activity mail. */
function noticeIn(line: string): Notice | null {
  const named = /\bnew remote share (.+) from (@\S+@\S+)/.exec(line);
  const [, owner] = /\bas a remote share from (@\S+@\S+)/.exec(line) ?? [undefined, named?.[2]];
  if (owner === undefined) return null;
  const id = owner.replace(/[^\p{L}\p{N}]+$/u, "");
  const origin = httpsOrigin(id.slice(id.lastIndexOf("@") + 1));
  if (origin === null) return null;
  const title = oneLine(named?.[1] ?? "", limits.titleChars);
  return { origin, owner: id, title: title === "" ? null : title };
}
