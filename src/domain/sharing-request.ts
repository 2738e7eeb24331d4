import { addressKey } from "./address.ts";
import { hasControl, messageLines, withoutBidi } from "./display-text.ts";
import { limits } from "./limits.ts";

/** What somebody asks to be shared, as typed. */
export interface SharingRequest {
  readonly title: string;
  /** Secret. */
  readonly link: string;
  readonly message: string | null;
  /** Mail addresses. */
  readonly to: readonly string[];
  /** When it ends, milliseconds since 1970; null for what the site says. */
  readonly expiresAtMs: number | null;
}

/** Somebody to invite. */
export interface InvitedAddress {
  readonly address: string;
  /** Normal form of domain/address.ts. */
  readonly key: string;
}

export interface CheckedSharing {
  readonly title: string;
  /** Secret; as the URL standard writes it. */
  readonly link: string;
  /** `https://host[:port]` of the link. */
  readonly origin: string;
  /** Lines separated by line feeds. */
  readonly message: string | null;
  readonly recipients: readonly InvitedAddress[];
}

/** Why a sharing is not made: a kebab-case reason, and a sentence with the way out. Never tells the link. */
export interface SharingProblem {
  /** Field of the request, a place in a list after a dot: `to.3`. */
  readonly field: string;
  readonly because: string;
  readonly detail: string;
}

/** No mail can be sent, whatever is asked for. */
export const noSender: SharingProblem = {
  field: "smtp",
  because: "no-smtp",
  detail: "No mail can be sent: set smtp.host and smtp.from in the configuration.",
};

/** Nobody of this name shares anything here. */
export function noAccount(name: string): SharingProblem {
  return {
    field: "account",
    because: "no-account",
    detail: `There is no account ${JSON.stringify(name)} with a mail address; usher account list shows the accounts.`,
  };
}

/** Another sharing was asked for with the same key. */
export const keyReused: SharingProblem = {
  field: "key",
  because: "key-reused",
  detail: "Another sharing was asked for with this key; give each sharing a key of its own.",
};

export type CheckedRequest =
  | { readonly ok: true; readonly sharing: CheckedSharing }
  | { readonly ok: false; readonly problems: readonly SharingProblem[] };

/** Checks what can be told from the request alone, and names everything that is wrong at once. */
export function checkSharing(request: SharingRequest, nowMs: number): CheckedRequest {
  const link = URL.parse(request.link.trim());
  const title = withoutBidi(request.title).trim();
  const problems = [
    ...titleProblems(title),
    ...linkProblems(request.link, link),
    ...messageProblems(request.message ?? ""),
    ...expiryProblems(request.expiresAtMs, nowMs),
    ...recipientProblems(request.to, new Set()),
  ];
  if (problems.length > 0 || link === null) return { ok: false, problems };
  const lines = messageLines(request.message ?? "");
  const message = lines.length === 0 ? null : lines.join("\n");
  const recipients = invited(request.to);
  return { ok: true, sharing: { title, link: link.href, origin: link.origin, message, recipients } };
}

export type CheckedRecipients =
  | { readonly ok: true; readonly recipients: readonly InvitedAddress[] }
  | { readonly ok: false; readonly problems: readonly SharingProblem[] };

/** Checks people who are invited to a sharing later; `known` are the keys of those it invites already. */
export function checkRecipients(to: readonly string[], known: ReadonlySet<string>): CheckedRecipients {
  const problems = recipientProblems(to, known);
  return problems.length > 0 ? { ok: false, problems } : { ok: true, recipients: invited(to) };
}

/** Of addresses that were checked. */
function invited(to: readonly string[]): readonly InvitedAddress[] {
  return to.map((typed) => {
    const address = typed.trim();
    return { address, key: addressKey(address) ?? address };
  });
}

/** What is wrong with a title, without bidirectional marks and blanks around it. */
export function titleProblems(title: string): SharingProblem[] {
  if (title === "") return [problem("title", "no-title", "The title is empty; say what is shared.")];
  if (hasControl(title)) {
    return [
      problem("title", "bad-title", "The title has control characters or line breaks; leave them out."),
    ];
  }
  if (title.length <= limits.titleChars) return [];
  return [
    problem(
      "title",
      "title-too-long",
      `The title has ${title.length} characters; at most ${limits.titleChars} are sent.`,
    ),
  ];
}

function linkProblems(typed: string, link: URL | null): SharingProblem[] {
  if (link === null) return [problem("link", "bad-link", "The link is not a URL; copy it whole.")];
  if (link.protocol !== "https:") {
    return [problem("link", "link-not-https", "The link is not https; only encrypted links are sent.")];
  }
  if (link.username !== "" || link.password !== "") {
    return [
      problem(
        "link",
        "link-with-password",
        "The link carries a user name or password before the @; remove it.",
      ),
    ];
  }
  if (typed.trim().length <= limits.urlChars && link.href.length <= limits.urlChars) return [];
  return [problem("link", "link-too-long", `The link is longer than ${limits.urlChars} characters.`)];
}

function messageProblems(message: string): SharingProblem[] {
  if (message.length <= limits.messageChars) return [];
  return [
    problem(
      "message",
      "message-too-long",
      `The message has ${message.length} characters; at most ${limits.messageChars} are sent.`,
    ),
  ];
}

/** What is wrong with the end of a sharing, milliseconds since 1970; null for none of its own. */
export function expiryProblems(expiresAtMs: number | null, nowMs: number): SharingProblem[] {
  if (expiresAtMs === null || expiresAtMs >= nowMs + limits.sharingMinMs) return [];
  return [problem("expires", "expires-too-soon", "The sharing would end at once; name a later time.")];
}

function recipientProblems(to: readonly string[], known: ReadonlySet<string>): SharingProblem[] {
  if (to.length === 0)
    return [problem("to", "no-recipient", "Nobody is invited; name at least one address.")];
  const all = known.size + to.length;
  if (all > limits.recipientsPerSharing) {
    const detail = `${all} addresses would be invited; one sharing has at most ${limits.recipientsPerSharing}.`;
    return [problem("to", "too-many-recipients", detail)];
  }
  const seen = new Set<string>();
  return to.flatMap((typed, place) => {
    const field = `to.${place}`;
    const key = addressKey(typed.trim());
    const shown = `"${withoutBidi(typed)
      .replaceAll(/\p{Cc}/gu, " ")
      .slice(0, limits.addressChars)}"`;
    if (key === null) {
      return [
        problem(
          field,
          "bad-address",
          `${shown} is not a mail address; write it as name@domain, without a name.`,
        ),
      ];
    }
    if (seen.has(key)) return [problem(field, "duplicate-address", `${shown} is named twice; name it once.`)];
    if (known.has(key)) {
      const detail = `${shown} is invited already; usher sharing remind or resend writes to it again.`;
      return [problem(field, "already-invited", detail)];
    }
    seen.add(key);
    return [];
  });
}

function problem(field: string, because: string, detail: string): SharingProblem {
  return { field, because, detail };
}
