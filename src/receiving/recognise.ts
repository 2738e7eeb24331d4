import type { Evidence } from "../domain/evidence.ts";
import type { MailView } from "../domain/mail.ts";
import type { Inspection, ShareNotification } from "../domain/share.ts";
import type { FollowingAccount } from "./account.ts";
import type { Finding } from "./finding.ts";
import type { ReceivingParts } from "./parts.ts";

/** One mail as it was read, and where. */
export interface SeenMail {
  readonly mail: Finding["mail"];
  readonly view: MailView;
  /** It lies where the mail server puts junk. */
  readonly isJunkFolder: boolean;
  /** Flags and keywords of the mail. */
  readonly flags: readonly string[];
  /** The whole mail, for its signature; null where it cannot be had. */
  readonly whole: () => Promise<Buffer | null>;
}

export interface RecognisingParts {
  readonly protocols: ReceivingParts["protocols"];
  readonly inspect: (mail: MailView, forAddresses: readonly string[]) => Inspection;
  /** Gathers everything that speaks for or against believing a mail. */
  readonly weigh: (seen: SeenMail, inspection: Inspection, account: FollowingAccount) => Promise<Evidence>;
}

export type Recognised =
  | { readonly kind: "share"; readonly finding: Finding }
  /** Nothing to judge; `verdict` says why. */
  | {
      readonly kind: "nothing";
      readonly verdict: string;
      readonly account: string;
      readonly view: MailView;
      /** The share that the mail of an authenticated sender says is over. */
      readonly revoked?: ShareNotification;
    };

/** What one mail says to this account, with all that speaks for or against believing it. */
export async function recognise(
  seen: SeenMail,
  account: FollowingAccount,
  parts: RecognisingParts,
): Promise<Recognised> {
  const inspection = parts.inspect(seen.view, account.who.addresses);
  const share = inspection.notification;
  const { name } = account;
  const { view } = seen;
  const nothing = (verdict: string) => ({ kind: "nothing", verdict, account: name, view }) as const;
  if (share === null) {
    const isBelieved = await isBelievedRevocation(seen, inspection, account, parts);
    const revoked = isBelieved ? inspection.revoked : undefined;
    return {
      ...nothing(inspection.because ?? inspection.verdict),
      ...(revoked === undefined ? {} : { revoked }),
    };
  }
  const protocol = parts.protocols.find((one) => one.name === share.protocol) ?? null;
  if (protocol?.ignoredVariants.includes(share.variant) === true) {
    return nothing(`${share.protocol} ${share.variant}: nothing to follow`);
  }
  const evidence = await parts.weigh(seen, inspection, account);
  const { mail } = seen;
  const { problems } = view;
  return {
    kind: "share",
    finding: { mail, share, evidence, problems, account, who: account.who, protocol },
  };
}

/** Whether the sender of a mail that calls a share off is authenticated, and the mail not junk. */
async function isBelievedRevocation(
  seen: SeenMail,
  inspection: Inspection,
  account: FollowingAccount,
  { weigh }: Pick<RecognisingParts, "weigh">,
): Promise<boolean> {
  const { revoked } = inspection;
  if (revoked === undefined) return false;
  const evidence = await weigh(seen, { ...inspection, notification: revoked }, account);
  return evidence.authentication.trusted && !evidence.isJunk;
}
