import { OutboundError } from "./outbound.ts";

/**
 * Reasons by the codes of Node, c-ares, OpenSSL and undici. All of these are temporary: name servers, certificates
 * and servers are repaired, and a wrong clock or a dead line of our own looks the same as theirs. Callers bound their
 * tries, and the reason says at once what a person could mend.
 */
const reasons: Readonly<Record<string, readonly string[]>> = {
  "name-not-found": ["ENOTFOUND", "ENODATA", "EBADNAME"],
  "name-lookup-failed": [
    "ESERVFAIL",
    "EREFUSED",
    "ETIMEOUT",
    "EFORMERR",
    "ENOTIMP",
    "EBADRESP",
    "EBADQUERY",
    "ECANCELLED",
  ],
  "connection-refused": ["ECONNREFUSED"],
  "connection-broken": [
    "ECONNRESET",
    "EPIPE",
    "ECONNABORTED",
    "UND_ERR_SOCKET",
    "HPE_INVALID_EOF_STATE",
    "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
  ],
  "connect-timeout": ["ETIMEDOUT"],
  "host-unreachable": [
    "EHOSTUNREACH",
    "ENETUNREACH",
    "EHOSTDOWN",
    "ENETDOWN",
    "EADDRNOTAVAIL",
    "EACCES",
    "EPERM",
  ],
  "out-of-resources": ["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"],
  "certificate-expired": ["CERT_HAS_EXPIRED"],
  "certificate-not-yet-valid": ["CERT_NOT_YET_VALID"],
  "certificate-wrong-host": ["ERR_TLS_CERT_ALTNAME_INVALID", "HOSTNAME_MISMATCH"],
  "certificate-untrusted": [
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "SELF_SIGNED_CERT_IN_CHAIN",
    "UNABLE_TO_GET_ISSUER_CERT",
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "CERT_UNTRUSTED",
    "CERT_SIGNATURE_FAILURE",
    "CERT_REVOKED",
    "CERT_REJECTED",
    "CERT_CHAIN_TOO_LONG",
    "INVALID_CA",
    "INVALID_PURPOSE",
    "PATH_LENGTH_EXCEEDED",
  ],
  "answer-too-large": ["UND_ERR_HEADERS_OVERFLOW", "HPE_HEADER_OVERFLOW"],
};

const reasonOfCode = new Map(
  Object.entries(reasons).flatMap(([reason, codes]) => codes.map((code) => [code, reason] as const)),
);

/** The second layer of the guard, and a header value that cannot be sent, for example from a foreign cookie. */
const permanent: Readonly<Record<string, string>> = {
  ERR_IP_BLOCKED: "address-not-public",
  UND_ERR_INVALID_ARG: "request-invalid",
};

const reasonOfPrefix: readonly (readonly [string, string])[] = [
  ["HPE_", "answer-malformed"],
  ["UND_ERR_RES_", "answer-malformed"],
  ["UND_ERR_RESPONSE", "answer-malformed"],
  ["ERR_SSL_", "tls-failed"],
  ["ERR_TLS_", "tls-failed"],
  ["EPROTO", "tls-failed"],
];

/** The code of a failed attempt; of several addresses tried, that of the first. Null for what is no system error. */
export function codeOf(error: unknown): string | null {
  if (error instanceof AggregateError && !hasCode(error)) return codeOf(error.errors[0]);
  if (hasCode(error)) return error.code;
  // undici leaves the code out where its parser has no name for what it met.
  return error instanceof Error && error.name === "HTTPParserError" ? "HPE_UNKNOWN" : null;
}

/** The failure that callers see: no address, no path, no foreign words. Null where the error is a bug of our own. */
export function failureOf(error: unknown): OutboundError | null {
  if (error instanceof OutboundError) return error;
  const code = codeOf(error);
  if (code === null) return null;
  const refusal = permanent[code];
  if (refusal !== undefined) return new OutboundError(refusal, false);
  const prefix = reasonOfPrefix.find(([start]) => code.startsWith(start));
  return new OutboundError(reasonOfCode.get(code) ?? prefix?.[1] ?? "transport-failed", true);
}

function hasCode(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && "code" in error && typeof error.code === "string";
}
