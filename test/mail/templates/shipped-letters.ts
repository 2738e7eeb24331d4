import type { InvitationFacts } from "../../../src/domain/invitation.ts";
import { unreachable } from "../../../src/domain/unreachable.ts";
import type { NoticeFacts } from "../../../src/domain/notice.ts";
import type { TemplateName } from "../../../src/mail/templates/names.ts";
import type { Said } from "../../../src/mail/templates/values.ts";
import { share } from "../notice-letters.ts";

/** Templates that lead a recipient to what was shared with him. */
export const offers = ["invitation", "discovery", "invite", "reminder"] as const;
/** Templates that an account gets about what others share with it. */
export const shareNotices = ["notice-held", "notice-answered", "notice-failed"] as const;

// Names and titles that are no words of any language.
const siteName = "Zyx";
const recipient = { name: "Bob", address: "bob@example.net" };
export const sharer = { name: "Alice", address: "alice@example.org" };
export const title = "Quux 7";

export const offered: InvitationFacts = {
  siteName,
  sharer,
  recipient,
  title,
  link: "https://cloud.example.org/s/0a1b2c?x=1&y=2",
  message: "Xyzzy",
  expiresAtMs: Date.UTC(2026, 11, 24),
  page: "https://usher.example.net/invitation/0198.abcdef",
  code: null,
  inviteString: null,
};

export const code = "5f0f8a2e-7f0e-4b51@sender.example";
export const inviteString = "NWYwZjhhMmUtN2YwZS00YjUxQHNlbmRlci5leGFtcGxl";

export const told: NoticeFacts = {
  siteName,
  recipient,
  share: { ...share, title, sharer },
  state: "held",
  reason: null,
  detail: null,
  isUnchanged: false,
  ways: {
    page: "https://usher.example.net/answer/0123",
    folder: "Zyx",
    untilMs: Date.UTC(2026, 11, 24),
  },
};

/** What a template is filled with where nothing else is asked. */
export function saidIn(template: TemplateName): Said {
  switch (template) {
    case "invite":
      return { template, facts: { ...offered, code, inviteString } };
    case "notice-held":
      return { template, facts: told };
    case "notice-answered":
      return { template, facts: { ...told, state: "followed" } };
    case "notice-failed":
      return {
        template,
        facts: { ...told, state: "needs-password", reason: "guest-password-needed" },
      };
    case "notice-summary":
      return { template, facts: { siteName, recipient, shares: manyShares(2), folder: "Zyx" } };
    case "notice-undelivered":
      return { template, facts: { siteName, recipient: sharer, title, failures: manyFailures(2) } };
    case "invitation":
    case "discovery":
    case "reminder":
    case "revoked":
      return { template, facts: offered };
    default:
      return unreachable(template);
  }
}

export function manyShares(count: number): NoticeFacts["share"][] {
  return Array.from({ length: count }, () => told.share);
}

export function manyFailures(
  count: number,
): { readonly address: string; readonly reason: string; readonly status: string }[] {
  return Array.from({ length: count }, (_, index) => ({
    address: `bob${index}@example.net`,
    reason: "unknown-user",
    status: "5.1.1",
  }));
}

const invited = { ...told, share: { ...told.share, title: null, isInvitation: true } };
const failed = { ...told, state: "failed", reason: "share-revoked" };

/** Everything that a template can say, so that each of its sentences is read once. */
export function allSaidIn(template: TemplateName): readonly Said[] {
  return [saidIn(template), ...moreSaidIn(template)];
}

function moreSaidIn(template: TemplateName): readonly Said[] {
  switch (template) {
    case "notice-answered":
      return [
        ...["refused", "ignored"].map((state) => ({ template, facts: { ...told, state } })),
        ...["followed", "ignored"].map((state) => ({ template, facts: { ...invited, state } })),
      ];
    case "notice-held":
    case "notice-failed": {
      const ways = { page: null, folder: null, untilMs: null };
      return [{}, { ways }, { isUnchanged: true }, { share: invited.share }].map((more) => ({
        template,
        facts: { ...failed, ...more },
      }));
    }
    case "notice-summary":
      return [{ template, facts: { siteName, recipient, shares: manyShares(60), folder: null } }];
    case "notice-undelivered":
      return [{ template, facts: { siteName, recipient: sharer, title, failures: manyFailures(60) } }];
    case "invitation":
    case "discovery":
    case "invite":
    case "reminder":
    case "revoked":
      return [{ template, facts: { ...offered, message: "", expiresAtMs: null, page: null } }];
    default:
      return unreachable(template);
  }
}
