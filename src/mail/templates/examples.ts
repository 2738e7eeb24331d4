import type { InvitationFacts } from "../../domain/invitation.ts";
import type { NoticeFacts, NoticeShare } from "../../domain/notice.ts";
import type { TemplateName } from "./names.ts";
import type { Said } from "./values.ts";

/** What a template is shown with: two forms of a host, doubts, a message of several lines, characters that HTML must escape. */
export function exampleOf(template: TemplateName, siteName: string): Said {
  switch (template) {
    case "notice-held":
      return { template, facts: { ...notice, siteName, state: "held" } };
    case "notice-answered":
      return { template, facts: { ...notice, siteName, state: "followed" } };
    case "notice-failed": {
      const failed = { state: "needs-password", reason: "guest-password-needed" };
      return { template, facts: { ...notice, siteName, ...failed } };
    }
    case "notice-summary": {
      const shares = [share, { ...share, title: null, module: "calendar" }];
      return { template, facts: { siteName, recipient, shares, folder: "Shares" } };
    }
    case "notice-undelivered": {
      const failures = [
        { address: "carol@example.com", reason: "unknown-user", status: "5.1.1" },
        { address: "dave@example.net", reason: "mailbox-full", status: "4.2.2" },
      ];
      return { template, facts: { siteName, recipient: sharer, title, failures } };
    }
    case "invite":
      return { template, facts: { ...invitation, siteName, ...codes } };
    case "invitation":
    case "discovery":
    case "reminder":
    case "revoked":
      return { template, facts: { ...invitation, siteName } };
    default:
      return template satisfies never;
  }
}

const recipient = { name: "Bob", address: "bob@example.net" };
const sharer = { name: "Alice", address: "alice@example.org" };
const title = "Plans & pictures <2026>";
const untilMs = Date.UTC(2026, 11, 24);

const invitation: Omit<InvitationFacts, "siteName"> = {
  sharer,
  recipient,
  title,
  link: "https://cloud.example.org/s/example",
  message: "Hello Bob,\n\nhere is what we talked about.\nAlice",
  expiresAtMs: untilMs,
  page: "https://usher.example.net/invitation/example",
  code: null,
  inviteString: null,
};

const code = "example-invite@cloud.example.org";
const codes = { code, inviteString: btoa(code) };

const host = { ascii: "xn--bcher-kva.example", unicode: "bücher.example", marks: ["punycode"] } as const;

const share: NoticeShare = {
  title,
  module: "files",
  isInvitation: false,
  sharer,
  origin: "https://xn--bcher-kva.example",
  evidence: {
    authentication: {
      from: "alice@example.org",
      dkim: "pass",
      spf: "pass",
      dmarc: "pass",
      authservId: "mx.example.net",
      by: "authentication-results",
      trusted: true,
      linkAligned: false,
    },
    signature: null,
    origin: host,
    link: host,
    sender: { ascii: "example.org", unicode: "example.org", marks: [] },
    signals: ["reply-to-elsewhere"],
    isJunk: false,
    isKnownContact: true,
    isTrustedSender: false,
    isKnownOrigin: false,
  },
};

const notice: Omit<NoticeFacts, "siteName" | "state"> = {
  recipient,
  share,
  reason: null,
  detail: null,
  isUnchanged: false,
  ways: { page: "https://usher.example.net/answer/example", folder: "Shares", untilMs },
};
