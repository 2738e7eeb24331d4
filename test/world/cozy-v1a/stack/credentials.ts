import { createHmac, randomBytes } from "node:crypto";
import { newId } from "./documents.ts";
import { type Rule, rulesOf } from "./permissions.ts";
import { type CozyRequest, plainError } from "./wire.ts";

/** An OAuth client as both sides keep it and as the answer to a registration shows it (reference/cozy.md 5.5). */
export interface Client {
  readonly client_id: string;
  readonly client_secret: string;
  readonly client_secret_expires_at: number;
  readonly registration_access_token: string;
  readonly redirect_uris: readonly string[];
  readonly client_name: string;
  readonly client_kind: string;
  readonly client_uri: string;
  readonly software_id: string;
  readonly grant_types: readonly string[];
  readonly response_types: readonly string[];
}

/** What was issued, as a test may look at it. */
export interface Issued {
  readonly kind: "app" | "access" | "refresh" | "share";
  /** Client id, slug of the app, or for a sharecode whom it is for. */
  readonly holder: string;
  readonly scope: string;
  readonly isExpired: boolean;
  /** Bearer secret. */
  readonly token: string;
}

export type Holder = {
  readonly kind: "app" | "access";
  readonly name: string;
  readonly rules: readonly Rule[];
};

/** The OAuth clients, codes and tokens of one Cozy. */
export class Credentials {
  readonly #domain: string;
  readonly #key = randomBytes(64);
  readonly #clients = new Map<string, Client>();
  readonly #codes = new Map<string, { readonly clientId: string; readonly scope: string }>();
  readonly #issued = new Map<string, Issued>();
  readonly #secrets: string[] = [];

  constructor(domain: string) {
    this.#domain = domain;
  }

  addClient(
    asked: Pick<Client, "redirect_uris" | "client_name" | "client_kind" | "client_uri" | "software_id">,
  ) {
    const id = newId();
    const client: Client = {
      ...asked,
      client_id: id,
      client_name: this.#freeName(asked.client_name),
      client_secret: this.#secret(randomBytes(24).toString("base64url")),
      client_secret_expires_at: 0,
      registration_access_token: this.#secret(this.#jwt({ aud: "registration", sub: id })),
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
    };
    this.#clients.set(id, client);
    return client;
  }

  #freeName(wanted: string): string {
    const used = new Set([...this.#clients.values()].map(({ client_name: name }) => name));
    let name = wanted;
    for (let count = 2; used.has(name); count += 1) name = `${wanted}-${count}`;
    return name;
  }

  client(id: string): Client | null {
    return this.#clients.get(id) ?? null;
  }

  clients(): readonly Client[] {
    return [...this.#clients.values()];
  }

  /** What the client holds is worth nothing from then on. */
  deleteClient(id: string): void {
    this.#clients.delete(id);
  }

  newCode(clientId: string, scope: string): string {
    const code = this.#secret(newId());
    this.#codes.set(code, { clientId, scope });
    return code;
  }

  /** Uses a code up and gives its scope; null where it is unknown, used, or of another client. */
  redeem(code: string, clientId: string): string | null {
    const known = this.#codes.get(code);
    if (known?.clientId !== clientId) return null;
    this.#codes.delete(code);
    return known.scope;
  }

  issue(kind: Issued["kind"], holder: string, scope: string): string {
    const token = this.#secret(this.#jwt({ aud: kind, sub: holder, ...(scope === "" ? {} : { scope }) }));
    this.#issued.set(token, { kind, holder, scope, isExpired: false, token });
    return token;
  }

  issued(): readonly Issued[] {
    return [...this.#issued.values()];
  }

  /** An issued token of a client that still exists, or null. */
  find(token: string): Issued | null {
    const known = this.#issued.get(token);
    const isOfClient = known?.kind === "access" || known?.kind === "refresh";
    if (known === undefined || (isOfClient && this.client(known.holder) === null)) return null;
    return known;
  }

  expire(kinds: readonly Issued["kind"][], holder: string | null = null): void {
    for (const each of this.issued()) {
      const isMeant = kinds.includes(each.kind) && (holder === null || holder === each.holder);
      if (isMeant) this.#issued.set(each.token, { ...each, isExpired: true });
    }
  }

  /**
   * Who asks, by his bearer token. The reference gives for a bad token only "Bad Request" or "Unauthorized" (5.5, 6):
   * here the latter is for none and for an expired one.
   */
  holderOf({ bearer }: CozyRequest): Holder {
    if (bearer === null) throw plainError(401, "Unauthorized: there is no token");
    const known = this.find(bearer);
    if (known === null || (known.kind !== "app" && known.kind !== "access")) {
      throw plainError(400, "Invalid JWT token");
    }
    if (known.isExpired) throw plainError(401, "Unauthorized: the token has expired");
    return { kind: known.kind, name: known.holder, rules: rulesOf(known.scope) ?? [] };
  }

  /** Everything handed out so far that nobody else may see. */
  secrets(): readonly string[] {
    return [...this.#secrets];
  }

  #secret(text: string): string {
    this.#secrets.push(text);
    return text;
  }

  #jwt(claims: Readonly<Record<string, string>>): string {
    const issuedAt = Math.floor(Date.now() / 1000);
    const parts = [
      { alg: "HS512", typ: "JWT" },
      // Two tokens of one second must differ.
      { ...claims, iss: this.#domain, iat: issuedAt, jti: newId() },
    ].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"));
    const signature = createHmac("sha512", this.#key).update(parts.join(".")).digest("base64url");
    return [...parts, signature].join(".");
  }
}
