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
}

export interface CheckedSharing {
  readonly title: string;
  /** Secret; as the URL standard writes it. */
  readonly link: string;
  /** `https://host[:port]` of the link. */
  readonly origin: string;
  /** Lines separated by line feeds. */
  readonly message: string | null;
  readonly recipients: readonly { readonly address: string; readonly key: string }[];
}

/** Why a sharing is not made: a kebab-case reason, and a sentence with the way out. Never tells the link. */
export interface SharingProblem {
  readonly because: string;
  readonly detail: string;
}

export type CheckedRequest =
  | { readonly ok: true; readonly sharing: CheckedSharing }
  | { readonly ok: false; readonly problems: readonly SharingProblem[] };

/** Checks what can be told from the request alone, and names everything that is wrong at once. */
export function checkSharing(request: SharingRequest): CheckedRequest {
  const link = URL.parse(request.link.trim());
  const title = withoutBidi(request.title).trim();
  const problems = [
    ...titleProblems(title),
    ...linkProblems(request.link, link),
    ...messageProblems(request.message ?? ""),
    ...recipientProblems(request.to),
  ];
  if (problems.length > 0 || link === null) return { ok: false, problems };
  const lines = messageLines(request.message ?? "");
  const message = lines.length === 0 ? null : lines.join("\n");
  const recipients = request.to.map((typed) => {
    const address = typed.trim();
    return { address, key: addressKey(address) ?? address };
  });
  return { ok: true, sharing: { title, link: link.href, origin: link.origin, message, recipients } };
}

function titleProblems(title: string): SharingProblem[] {
  if (title === "") return [problem("no-title", "The title is empty; say what is shared.")];
  if (hasControl(title)) {
    return [problem("bad-title", "The title has control characters or line breaks; leave them out.")];
  }
  if (title.length <= limits.titleChars) return [];
  return [
    problem(
      "title-too-long",
      `The title has ${title.length} characters; at most ${limits.titleChars} are sent.`,
    ),
  ];
}

function linkProblems(typed: string, link: URL | null): SharingProblem[] {
  if (link === null) return [problem("bad-link", "The link is not a URL; copy it whole.")];
  if (link.protocol !== "https:") {
    return [problem("link-not-https", "The link is not https; only encrypted links are sent.")];
  }
  if (link.username !== "" || link.password !== "") {
    return [
      problem("link-with-password", "The link carries a user name or password before the @; remove it."),
    ];
  }
  if (typed.trim().length <= limits.urlChars && link.href.length <= limits.urlChars) return [];
  return [problem("link-too-long", `The link is longer than ${limits.urlChars} characters.`)];
}

function messageProblems(message: string): SharingProblem[] {
  if (message.length <= limits.messageChars) return [];
  return [
    problem(
      "message-too-long",
      `The message has ${message.length} characters; at most ${limits.messageChars} are sent.`,
    ),
  ];
}

function recipientProblems(to: readonly string[]): SharingProblem[] {
  if (to.length === 0) return [problem("no-recipient", "Nobody is invited; name at least one address.")];
  if (to.length > limits.recipientsPerSharing) {
    return [
      problem(
        "too-many-recipients",
        `${to.length} addresses are named; one sharing has at most ${limits.recipientsPerSharing}.`,
      ),
    ];
  }
  const seen = new Set<string>();
  return to.flatMap((typed) => {
    const key = addressKey(typed.trim());
    const shown = `"${withoutBidi(typed)
      .replaceAll(/\p{Cc}/gu, " ")
      .slice(0, limits.addressChars)}"`;
    if (key === null) {
      return [
        problem("bad-address", `${shown} is not a mail address; write it as name@domain, without a name.`),
      ];
    }
    if (seen.has(key)) return [problem("duplicate-address", `${shown} is named twice; name it once.`)];
    seen.add(key);
    return [];
  });
}

function problem(because: string, detail: string): SharingProblem {
  return { because, detail };
}
