import { hasControl, withoutBidi } from "../../domain/display-text.ts";
import { limits } from "../../domain/limits.ts";
import { oneLine } from "../../domain/one-line.ts";
import { expiryProblems, type SharingProblem, titleProblems } from "../../domain/sharing-request.ts";
import { type OcmAddress, readOcmAddress, writeOcmAddress } from "../../protocols/ocm/address.ts";
import type { OcmPermission } from "../../protocols/ocm/peer.ts";

/** What an account's application asks to be shared over Open Cloud Mesh. */
export interface FederatedRequest {
  /** Name of the account that shares. */
  readonly account: string;
  /** What recipients see; the name of the file or folder in their clouds. */
  readonly title: string;
  /** WebDAV address of what is shared. Secret. */
  readonly webdav: string;
  /** With a login the secret is a password (Basic), else a bearer token. */
  readonly login: string | null;
  readonly secret: string;
  /** Null: by the address, which ends with a slash where it is a folder's. */
  readonly resourceType: "file" | "folder" | null;
  /** OCM addresses. */
  readonly to: readonly string[];
  /** Beside reading. */
  readonly mayWrite: boolean;
  readonly mayShare: boolean;
  /** The secrets of recipients open the token endpoint alone; servers that cannot exchange them do not get the share. */
  readonly mustExchange: boolean;
  /** Milliseconds since 1970; null for what the site says. */
  readonly expiresAtMs: number | null;
  /** Who asks, for the record. */
  readonly by: string;
  /** By which the same request is known again; null for none. */
  readonly key: string | null;
}

export interface CheckedFederated {
  readonly title: string;
  /** As the URL standard writes it. */
  readonly url: string;
  readonly resourceType: "file" | "folder";
  readonly recipients: readonly OcmAddress[];
  readonly permissions: readonly OcmPermission[];
}

export interface Surroundings {
  /** `host[:port]` of the site. */
  readonly ownHost: string;
  readonly nowMs: number;
  /** Why the outgoing guard would not ask an address, kebab-case; null where it would try. */
  readonly whyNotReached: (url: string) => string | null;
}

export type CheckedRequest =
  | { readonly ok: true; readonly checked: CheckedFederated }
  | { readonly ok: false; readonly problems: readonly SharingProblem[] };

/** Checks what can be told without asking anybody, and names everything that is wrong at once. Tells no secret. */
export function checkFederated(request: FederatedRequest, around: Surroundings): CheckedRequest {
  const title = withoutBidi(request.title).trim();
  const url = URL.parse(request.webdav.trim());
  const problems = [
    ...titleProblems(title),
    ...nameProblems(title),
    ...urlProblems(url, around),
    ...secretProblems(request),
    ...expiryProblems(request.expiresAtMs, around.nowMs),
    ...recipientProblems(request.to, around.ownHost),
  ];
  if (problems.length > 0 || url === null) return { ok: false, problems };
  return {
    ok: true,
    checked: {
      title,
      url: url.href,
      resourceType: request.resourceType ?? (url.pathname.endsWith("/") ? "folder" : "file"),
      recipients: request.to.flatMap((typed) => readOcmAddress(typed.trim()) ?? []),
      permissions: [
        "read",
        ...(request.mayWrite ? (["write"] as const) : []),
        ...(request.mayShare ? (["share"] as const) : []),
      ],
    },
  };
}

/** It becomes the name of a file or folder. */
function nameProblems(title: string): SharingProblem[] {
  if (!/[/\\]/.test(title) && title !== "." && title !== "..") return [];
  const detail =
    "The title becomes the name of a file or folder in other clouds; leave slashes and dots alone out.";
  return [problem("title", "no-file-name", detail)];
}

function urlProblems(url: URL | null, { whyNotReached }: Surroundings): SharingProblem[] {
  if (url === null)
    return [problem("webdav", "bad-address", "The WebDAV address is not a URL; copy it whole.")];
  if (url.search !== "" || url.hash !== "") {
    const detail =
      "The WebDAV address has a query or fragment; name the address of the file or folder alone.";
    return [problem("webdav", "address-with-query", detail)];
  }
  const because = whyNotReached(url.href);
  if (because === null) return [];
  const detail =
    `Usher would not ask the WebDAV address (${because}); name one by https without user name, or let the administrator make ` +
    "an exception under outbound.exceptions.";
  return [problem("webdav", because, detail)];
}

function secretProblems({ login, secret }: FederatedRequest): SharingProblem[] {
  const isLogin = login === null || (login !== "" && !/[:\p{Cc}]/u.test(login));
  const problems = isLogin
    ? []
    : [problem("login", "bad-login", "The login is empty, or has a colon or control characters.")];
  if (login === null && /[^\x21-\x7e]/.test(secret)) {
    const detail =
      "Without a login the secret is a bearer token, and this one has blanks or other characters that no token has; copy it whole.";
    return [problem("secret", "bad-secret", detail)];
  }
  if (secret !== "" && secret.length <= limits.sharePasswordChars && !hasControl(secret)) return problems;
  const most = limits.sharePasswordChars;
  const detail = `The secret for the WebDAV address is empty, longer than ${most} characters, or has line breaks within.`;
  return [...problems, problem("secret", "bad-secret", detail)];
}

function recipientProblems(to: readonly string[], ownHost: string): SharingProblem[] {
  if (to.length === 0) {
    return [
      problem("to", "no-recipient", "Nobody is invited; name at least one address like dora@cloud.example."),
    ];
  }
  if (to.length > limits.ocmRecipients) {
    const detail = `${to.length} addresses are named; one sharing is offered to at most ${limits.ocmRecipients}.`;
    return [problem("to", "too-many-recipients", detail)];
  }
  const seen = new Set<string>();
  return to.flatMap((typed, place) => {
    const field = `to.${place}`;
    const shown = `"${oneLine(typed, limits.addressChars)}"`;
    const address =
      typed.length > limits.ocmTextChars || hasControl(typed) ? null : readOcmAddress(typed.trim());
    if (address === null) {
      const detail = `${shown} is no address at a cloud; write it as user@host.`;
      return [problem(field, "bad-address", detail)];
    }
    if (address.host === ownHost) {
      return [
        problem(
          field,
          "own-site",
          `${shown} is an account of this site; nothing is shared from cloud to cloud with it.`,
        ),
      ];
    }
    const key = writeOcmAddress(address);
    if (seen.has(key)) return [problem(field, "duplicate-address", `${shown} is named twice; name it once.`)];
    seen.add(key);
    return [];
  });
}

function problem(field: string, because: string, detail: string): SharingProblem {
  return { field, because, detail };
}
