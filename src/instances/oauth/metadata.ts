import { z } from "zod";
import { limits } from "../../domain/limits.ts";
import { readWebLink } from "../../domain/web-link.ts";

/** What another Cozy says about itself when it registers (RFC 7591 section 2, reference/cozy.md 5.5). */
export interface ClientMetadata {
  readonly redirectUris: readonly string[];
  readonly name: string;
  readonly kind: string;
  readonly uri: string;
  readonly softwareId: string;
}

/** An OAuth client as the Cozy that registered it keeps it; `clientSecret` and `registrationToken` are secrets. */
export interface RegisteredClient extends ClientMetadata {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly registrationToken: string;
}

export type ReadMetadata =
  | { readonly kind: "client"; readonly metadata: ClientMetadata }
  | {
      readonly kind: "refused";
      /** RFC 7591 section 3.2.2. */
      readonly error: "invalid_redirect_uri" | "invalid_client_metadata";
      readonly description: string;
    };

const text = z.string().trim().min(1).max(limits.oauthTextChars);
const requested = z.object({
  redirect_uris: z.array(z.string()).min(1).max(limits.oauthRedirects),
  client_name: text,
  software_id: text,
  client_kind: z.string().max(limits.oauthTextChars).default(""),
  client_uri: z.string().max(limits.urlChars).default(""),
});

/** Reads what a Cozy registers with. `instanceHost`: `host[:port]` that it registers at, which no redirect may lead to. */
export function readClientMetadata(body: unknown, instanceHost: string): ReadMetadata {
  const read = requested.safeParse(body ?? {});
  if (!read.success) {
    const field = read.error.issues[0]?.path[0] ?? "redirect_uris";
    if (field === "redirect_uris") return wrongRedirect("redirect_uris names one to five addresses.");
    return {
      kind: "refused",
      error: "invalid_client_metadata",
      description: `${String(field)} is mandatory, a text of at most ${limits.oauthTextChars} characters.`,
    };
  }
  const { redirect_uris: redirects, client_name: name, client_kind: kind, client_uri: uri } = read.data;
  for (const redirect of redirects) {
    // As it is written it stands in a header; the parser lets spaces, line breaks and other letters pass.
    const link = /^[\x21-\x7e]+$/.test(redirect) ? readWebLink(redirect) : null;
    if (link === null) return wrongRedirect("redirect_uris are https addresses without fragment.");
    if (link.host === instanceHost) return wrongRedirect("redirect_uris lead to another host than this one.");
  }
  return {
    kind: "client",
    metadata: { redirectUris: redirects, name, kind, uri, softwareId: read.data.software_id },
  };
}

function wrongRedirect(description: string): ReadMetadata {
  return { kind: "refused", error: "invalid_redirect_uri", description };
}

/** What this account's Cozy registers with at another one. `ownUrl`: `https://host[:port]`. */
export function ownMetadata(ownUrl: string, name: string): ClientMetadata {
  return {
    redirectUris: [`${ownUrl}/sharings/answer`],
    name,
    kind: "sharing",
    uri: ownUrl,
    softwareId: "github.com/cozy/cozy-stack",
  };
}

/** As it stands in bodies; the secrets are empty in a request (reference/cozy.md 5.5). */
export function writeMetadata({ redirectUris, name, kind, uri, softwareId }: ClientMetadata) {
  return {
    redirect_uris: redirectUris,
    client_name: name,
    client_kind: kind,
    client_uri: uri,
    software_id: softwareId,
  };
}

/** A registered client as it stands in bodies. */
export function writeClient(client: RegisteredClient) {
  return {
    client_id: client.clientId,
    client_secret: client.clientSecret,
    client_secret_expires_at: 0,
    registration_access_token: client.registrationToken,
    ...writeMetadata(client),
  };
}

const registered = z.object({
  client_id: text,
  client_secret: text,
  registration_access_token: z.string().max(limits.scopeChars).default(""),
  redirect_uris: z.array(z.string()).default([]),
  client_name: z.string().default(""),
  client_kind: z.string().default(""),
  client_uri: z.string().default(""),
  software_id: z.string().default(""),
});

/** Reads a client that another Cozy gave, parsed from JSON; null where it is none. */
export function readClient(body: unknown): RegisteredClient | null {
  const { data } = registered.safeParse(body);
  if (data === undefined) return null;
  return {
    clientId: data.client_id,
    clientSecret: data.client_secret,
    registrationToken: data.registration_access_token,
    redirectUris: data.redirect_uris,
    name: data.client_name,
    kind: data.client_kind,
    uri: data.client_uri,
    softwareId: data.software_id,
  };
}
