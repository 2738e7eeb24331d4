import type { NoticeFacts, NoticeLetter, NoticeShare } from "../../src/domain/notice.ts";

export const noticeTemplates = ["notice-held", "notice-answered", "notice-failed", "notice-summary"] as const;
const imitation = {
  ascii: "xn--exmple-cua.org",
  unicode: "exämple.org",
  marks: ["punycode", "look-alike"],
} as const;

/** What nobody vouches for, from a host that imitates another. */
export const share: NoticeShare = {
  title: "Quarterly report",
  isInvitation: false,
  module: "files",
  sharer: { name: "Alice", address: "alice@cloud-a.example" },
  origin: "https://xn--exmple-cua.org",
  evidence: {
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
    origin: imitation,
    link: null,
    sender: null,
    isKnownOrigin: false,
    signals: ["several-senders"],
    isJunk: false,
    isKnownContact: false,
    isTrustedSender: false,
  },
};

export const answerPage = "https://usher.example.org/answer/0123456789";

/** A letter to bob@example.net. */
export function letterOf(
  template: (typeof noticeTemplates)[number],
  locale: string,
  said: NoticeShare = share,
  more: Partial<NoticeFacts> = {},
): NoticeLetter {
  const recipient = { name: "bob", address: "bob@example.net" };
  const base = {
    locale,
    site: { name: "Example Cloud", address: "share@example.net" },
    messageId: "<w1.notice@example.net>",
    date: Date.UTC(2026, 10, 21),
    inReplyTo: "<1@cloud-a.example>",
  };
  if (template === "notice-summary") {
    const facts = { siteName: "Example Cloud", recipient, shares: [said, said], folder: "Shares" };
    return { ...base, template, facts };
  }
  const facts: NoticeFacts = {
    siteName: "Example Cloud",
    recipient,
    share: said,
    state: template === "notice-answered" ? "followed" : "failed",
    reason: "share-revoked",
    detail: "The share at cloud-a.example is gone.",
    isUnchanged: false,
    ways: { page: answerPage, folder: "Shares", untilMs: Date.UTC(2026, 11, 21) },
    ...more,
  };
  return { ...base, template, facts };
}
