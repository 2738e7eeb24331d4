import type { Evidence } from "../domain/evidence.ts";
import type { ShareNotification } from "../domain/share.ts";
import type { Follower, Protocol } from "../protocols/protocol.ts";
import type { MessageRow } from "../store/messages.ts";

/** One mail that announces a share, ready to be judged. */
export interface Finding {
  /** Where it lies; its id is null for a mail that comes from a file. */
  readonly mail: Pick<MessageRow, "account_id" | "message_key" | "folder" | "uid_validity" | "uid"> & {
    readonly id: string | null;
  };
  readonly share: ShareNotification;
  readonly evidence: Evidence;
  /** What could not be read of the mail. */
  readonly problems: readonly string[];
  readonly account: { readonly id: string; readonly name: string };
  readonly who: Follower;
  /** Null where mails of the protocol are read and nobody here can speak with its origins yet. */
  readonly protocol: Protocol | null;
}
