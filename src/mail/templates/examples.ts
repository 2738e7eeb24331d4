import type { InvitationFacts } from "../../domain/invitation.ts";
import type { NoticeFacts, NoticeShare } from "../../domain/notice.ts";
import type { TemplateName } from "./files.ts";
import { invitationValues, noticeValues, summaryValues, type TemplateValues } from "./values.ts";

/** What a template is tried with: two forms of a host, doubts, a message of several lines, characters that HTML must escape. */
export function exampleValues(name: TemplateName, siteName: string, locale: string): TemplateValues {
  switch (name) {
    case "invitation":
      return invitationValues({ ...invitation, siteName });
    case "notice-held":
      return noticeValues({ ...notice, siteName, state: "held" }, locale);
    case "notice-answered":
      return noticeValues({ ...notice, siteName, state: "followed" }, locale);
    case "notice-failed": {
      const failed = { state: "needs-password", reason: "guest-password-needed" };
      return noticeValues({ ...notice, siteName, ...failed }, locale);
    }
    case "notice-summary": {
      const shares = [share, { ...share, title: null, module: "calendar" }];
      return summaryValues({ siteName, recipient, shares, folder: "Shares" }, locale);
    }
    default:
      return name satisfies never;
  }
}

const recipient = { name: "Bob", address: "bob@example.net" };
const title = "Plans & pictures <2026>";

const invitation: Omit<InvitationFacts, "siteName"> = {
  sharer: { name: "Alice", address: "alice@example.org" },
  recipient,
  title,
  link: "https://cloud.example.org/s/example",
  message: "Hello Bob,\n\nhere is what we talked about.\nAlice",
  expiresAtMs: null,
  page: null,
  code: null,
};

const host = { ascii: "xn--bcher-kva.example", unicode: "bücher.example", marks: ["punycode"] } as const;

const share: NoticeShare = {
  title,
  module: "files",
  sharer: { name: "Alice", address: "alice@example.org" },
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
  ways: {
    page: "https://usher.example.net/answer/example",
    folder: "Shares",
    untilMs: Date.UTC(2026, 11, 24),
  },
};
