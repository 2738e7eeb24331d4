import { domainToUnicode } from "node:url";
import { addressKey } from "../domain/address.ts";
import { contactAddress } from "../domain/contact-address.ts";
import type { Evidence, HostView, SignatureFinding } from "../domain/evidence.ts";
import { type HostContext, viewHost } from "../domain/hosts.ts";
import type { Authentication, ShareNotification } from "../domain/share.ts";
import { readAccountRules } from "../store/account-rules.ts";
import type { Db } from "../store/store.ts";
import { readFollowingAccount } from "./account.ts";
import { readAcquaintance } from "./acquaintance.ts";
import type { Acquaintance } from "./evidence.ts";
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
 * Judges a share that came by HTTP as if a mail had brought it: one that the sharer's server has signed like a mail of an
 * authenticated sender, any other like one that nobody vouches for, which no rule accepts by itself. Gives the notification's id.
 * @throws Error where the account was removed.
 */
export async function judgeAnnounced(db: Db, announced: Announced, parts: ReceivingParts): Promise<string> {
  const { accountId, share, key } = announced;
  const account = await readFollowingAccount(db, accountId, parts.sealer);
  if (account === undefined) throw new Error("A share was announced to an account that is not there.");
  const rules = [...(await readAccountRules(db, account.id)), ...parts.settings().policy];
  const known = await readAcquaintance(db, { id: account.id, addresses: account.who.addresses }, rules);
  const { notificationId } = await judge(
    db,
    {
      mail: { id: null, account_id: account.id, message_key: key, folder: "", uid_validity: 0, uid: 0 },
      share,
      evidence: evidenceOf(announced, known),
      problems: [],
      account: { id: account.id, name: account.name },
      who: account.who,
      protocol: parts.protocols.find(({ name }) => name === share.protocol) ?? null,
    },
    parts,
  );
  return notificationId;
}

function evidenceOf({ share, voucher }: Announced, known: Acquaintance): Evidence {
  const context: HostContext = { known: known.hosts, registrableDomain, toUnicode: domainToUnicode };
  const url = URL.parse(share.origin ?? "");
  const origin: HostView | null = url === null ? null : viewHost(url.hostname, context);
  const about = {
    origin,
    link: origin,
    sender: null,
    isKnownOrigin: known.origins.includes(url?.host ?? "none"),
    signals: [],
    isJunk: false,
  };
  // A server speaks for its own people alone.
  if (url === null || voucher?.host !== url.host) return { ...about, ...unvouched };
  return { ...about, ...vouchedFor(share, url.hostname, voucher, known) };
}

type Sender = Pick<Evidence, "authentication" | "signature" | "isKnownContact" | "isTrustedSender">;

function vouchedFor(
  share: ShareNotification,
  hostname: string,
  voucher: AnnouncedVoucher,
  known: Acquaintance,
): Sender {
  const authentication = signedFor(share, hostname);
  const address = contactAddress(authentication, share.sharer.address);
  const contact = address === null ? null : known.contact(address);
  return {
    authentication,
    signature: findingOf(voucher),
    isKnownContact: voucher.isContact || contact !== null,
    isTrustedSender: contact?.isTrusted === true,
  };
}

const unauthenticated: Authentication = {
  from: null,
  dkim: null,
  spf: null,
  dmarc: null,
  authservId: null,
  by: null,
  trusted: false,
  linkAligned: false,
};

const unvouched: Sender = {
  authentication: unauthenticated,
  signature: null,
  isKnownContact: false,
  isTrustedSender: false,
};

/** The sharer's name at his server may be no local part of a mail address; who he is then, only his contact tells. */
function signedFor({ sharer }: ShareNotification, hostname: string): Authentication {
  const from = addressKey(`${sharer.address.slice(0, sharer.address.lastIndexOf("@"))}@${hostname}`);
  return { ...unauthenticated, from, by: "message-signature", trusted: true, linkAligned: true };
}

function findingOf({ host, keyId, scheme }: AnnouncedVoucher): SignatureFinding {
  return { result: "pass", domain: host, because: `${host} signed it with its key ${keyId} (${scheme})` };
}
