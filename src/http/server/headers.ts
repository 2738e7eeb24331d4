/** Pages run no script, load their stylesheet from here only and send forms to here only (reference/security.md 6). */
const pagePolicy =
  "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/** Browsers hold form-action against redirects too: opening a share leads to its server, and from there to its login. */
export const invitationPolicy = pagePolicy.replace("form-action 'self'", "form-action 'self' https:");

/** A stranger's file can do nothing even where a browser shows it. */
export const filePolicy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; sandbox";

/** Stand on every answer; a route may replace single ones. */
export const securityHeaders: Readonly<Record<string, string>> = {
  "content-security-policy": pagePolicy,
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "x-robots-tag": "noindex",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "no-store",
};
