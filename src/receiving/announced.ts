import { domainToUnicode } from "node:url";
import type { Evidence, HostView } from "../domain/evidence.ts";
import { type HostContext, viewHost } from "../domain/hosts.ts";
import type { ShareNotification } from "../domain/share.ts";
import { readAccountRules } from "../store/account-rules.ts";
import type { Db } from "../store/store.ts";
import { readFollowingAccount } from "./account.ts";
import { readAcquaintance } from "./acquaintance.ts";
import { judge } from "./judge.ts";
import type { ReceivingParts } from "./parts.ts";
import { registrableDomain } from "./registrable-domain.ts";

/** A share that another server told of over HTTP, and what tells the telling apart from others. */
export interface Announced {
  readonly accountId: string;
  readonly share: ShareNotification;
  readonly key: string;
  /** Who proved by a signature to be the server that tells; null where nobody vouches. */
  readonly voucher: AnnouncedVoucher | null;
}

export interface AnnouncedVoucher {
  /** `host[:port]`. */
  readonly host: string;
  readonly keyId: string;
  readonly scheme: string;
  /** The account exchanged an invitation with the sharer. */
  readonly isContact: boolean;
}

/**
 * Judges a share that came by HTTP as if a mail had brought it that nobody vouches for: no rule accepts it by itself.
 * Gives the notification's id.
 * @throws Error where the account was removed.
 */
export async function judgeAnnounced(
  db: Db,
  { accountId, share, key }: Announced,
  parts: ReceivingParts,
): Promise<string> {
  const account = await readFollowingAccount(db, accountId, parts.sealer);
  if (account === undefined) throw new Error("A share was announced to an account that is not there.");
  const rules = [...(await readAccountRules(db, account.id)), ...parts.settings().policy];
  const known = await readAcquaintance(db, { id: account.id, addresses: account.who.addresses }, rules);
  const context: HostContext = { known: known.hosts, registrableDomain, toUnicode: domainToUnicode };
  const origin = URL.parse(share.origin ?? "");
  const { notificationId } = await judge(
    db,
    {
      mail: { id: null, account_id: account.id, message_key: key, folder: "", uid_validity: 0, uid: 0 },
      share,
      evidence: unvouched({
        origin: origin === null ? null : viewHost(origin.hostname, context),
        isKnownOrigin: known.origins.includes(origin?.host ?? "none"),
      }),
      problems: [],
      account: { id: account.id, name: account.name },
      who: account.who,
      protocol: parts.protocols.find(({ name }) => name === share.protocol) ?? null,
    },
    parts,
  );
  return notificationId;
}

function unvouched(of: { readonly origin: HostView | null; readonly isKnownOrigin: boolean }): Evidence {
  return {
    authentication: {
      from: null,
      dkim: null,
      spf: null,
      dmarc: null,
      authservId: null,
      by: null,
      trusted: false,
      linkAligned: false,
    },
    signature: null,
    ...of,
    link: of.origin,
    sender: null,
    signals: [],
    isJunk: false,
    isKnownContact: false,
    isTrustedSender: false,
  };
}
