import type { Client } from "./credentials.ts";
import type { OauthSide } from "./oauth.ts";
import { errorPage } from "./wire.ts";

interface Asked {
  readonly state: string;
  readonly client: Client;
  readonly redirectUri: string;
  readonly scope: string;
}

/**
 * What a client asks the owner for, in a query or a form: a page with 400 where something is missing. That the redirect
 * URI must be a registered one is OAuth's rule; the reference leaves it out.
 */
export function readAsked({ credentials }: OauthSide, fields: URLSearchParams): Asked {
  const [state, redirectUri, scope] = [
    needed(fields, "state"),
    needed(fields, "redirect_uri"),
    needed(fields, "scope"),
  ];
  const client = credentials.client(needed(fields, "client_id"));
  if (client === null) throw errorPage(400, "The client is not registered.");
  if (!client.redirect_uris.includes(redirectUri))
    throw errorPage(400, "The redirect URI is not registered.");
  return { state, client, redirectUri, scope };
}

function needed(fields: URLSearchParams, name: string): string {
  const value = fields.get(name) ?? "";
  if (value === "") throw errorPage(400, `The parameter ${name} is missing.`);
  return value;
}
