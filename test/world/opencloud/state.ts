import { randomBytes, randomUUID } from "node:crypto";
import type { Letter } from "../cozy-v1a/stack/letters.ts";
import type { JsonObject } from "../ocm/json.ts";
import type { OcmGround, OcmServerOptions } from "../ocm/server.ts";
import type { TreeNode } from "../ocm/tree.ts";

/** `opencloud`: OpenCloud of February 2025. `ocis`: owncloud/reva of 2026. `reva`: cs3org/reva, CERNBox. */
export type Family = "opencloud" | "ocis" | "reva";

/** `url` absolute; `uri` relative to the advertised webdav path, or absolute. */
export type WebdavForm = "url" | "relative-uri" | "absolute-uri";

export interface OpenCloudOptions extends OcmServerOptions {
  readonly family?: Family;
  /** Hosts, with port, of the providers file; `trust` adds more. */
  readonly providers?: readonly string[];
  /** Which field of `protocol.webdav` of a received share is read: `url` in February 2025, `uri` in newer ones. */
  readonly readsWebdav?: "url" | "uri";
  /** What `protocol.webdav` of a sent share holds: `relative-uri` of reva, else `url`. */
  readonly webdavForm?: WebdavForm;
  /** The form in which it tells ids of users (reference/ocm.md 4.2, deviations): `bare` of reva, else `base64`. */
  readonly userIds?: "base64" | "id-at-host" | "bare";
  /** Of reva: capability `exchange-token`. */
  readonly exchangesTokens?: boolean;
  /** Of reva: how it asks for tokens elsewhere. */
  readonly tokenForm?: "ocm_share" | "standard";
  /** `OCM_MESH_DIRECTORY_URL`, which may lie at a third party; without it invite mails have no link. */
  readonly meshDirectory?: string;
  /** Takes a mail to an SMTP server. Mails are kept in any case. */
  readonly send?: (letter: Letter) => Promise<void>;
}

export interface UserSpec {
  /** Login name. */
  readonly login: string;
  readonly displayName: string;
  readonly mail: string;
}

export interface User extends UserSpec {
  /** As other servers are told it: opaque, and part of addresses. */
  readonly userId: string;
  readonly appPassword: string;
}

export interface Invite {
  /** UUID. */
  readonly token: string;
  readonly user: User;
  isExpired: boolean;
}

/** Somebody elsewhere who accepted an invite of a user, or whose invite that user accepted. */
export interface Contact {
  readonly login: string;
  readonly userId: string;
  /** Host, with the port unless that is 443. */
  readonly provider: string;
  readonly name: string;
  readonly email: string;
}

/** A share that a user of this server gave to somebody elsewhere. */
export interface SentShare {
  /** Its `providerId`. */
  readonly id: string;
  /** 32 characters. */
  readonly secret: string;
  readonly owner: User;
  readonly name: string;
  readonly root: TreeNode;
  readonly shareWith: string;
  /** The plain secret does not open it. */
  readonly mustExchangeToken: boolean;
  readonly accessTokens: Set<string>;
  isRevoked: boolean;
}

/** A share that somebody elsewhere gave to a user of this server. */
export interface ReceivedShare {
  /** Id of the remote item. */
  readonly id: string;
  readonly user: User;
  readonly name: string;
  readonly providerId: string;
  /** OCM addresses. */
  readonly shareWith: string;
  readonly sender: string;
  readonly isSingleFile: boolean;
  readonly secret: string;
  /** What stood in the field that is read. */
  readonly webdav: string;
  /** Of the form `webdav` with options, which reva takes too. */
  readonly isLegacy: boolean;
  readonly requirements: readonly string[];
  isSynchronized: boolean;
}

export type Conduct = Required<
  Pick<
    OpenCloudOptions,
    "family" | "readsWebdav" | "webdavForm" | "userIds" | "exchangesTokens" | "tokenForm"
  >
>;

export interface OpenCloudState extends OcmGround {
  readonly conduct: Conduct;
  readonly meshDirectory: string | null;
  readonly send: (letter: Letter) => Promise<void>;
  readonly providers: Set<string>;
  readonly users: User[];
  readonly invites: Invite[];
  readonly contacts: Contact[];
  readonly sent: SentShare[];
  shares: ReceivedShare[];
  readonly notifications: JsonObject[];
  readonly letters: Letter[];
}

export function newState(ground: OcmGround, options: OpenCloudOptions): OpenCloudState {
  return {
    ...ground,
    conduct: conductOf(options),
    meshDirectory: options.meshDirectory ?? null,
    send: options.send ?? (async () => {}),
    providers: new Set(options.providers),
    users: [],
    invites: [],
    contacts: [],
    sent: [],
    shares: [],
    notifications: [],
    letters: [],
  };
}

function conductOf(options: OpenCloudOptions): Conduct {
  const { family = "opencloud", exchangesTokens = false, tokenForm = "ocm_share" } = options;
  const isReva = family === "reva";
  if (exchangesTokens && !isReva) throw new Error("Only reva exchanges tokens.");
  return {
    family,
    readsWebdav: options.readsWebdav ?? (family === "opencloud" ? "url" : "uri"),
    webdavForm: options.webdavForm ?? (isReva ? "relative-uri" : "url"),
    userIds: options.userIds ?? (isReva ? "bare" : "base64"),
    exchangesTokens,
    tokenForm,
  };
}

export function addUser({ users, conduct, host }: OpenCloudState, spec: UserSpec): User {
  const uuid = randomUUID();
  const forms = {
    base64: Buffer.from(`${uuid}@https://${host}`).toString("base64"),
    "id-at-host": `${uuid}@${host}`,
    bare: uuid,
  };
  const user = {
    ...spec,
    userId: forms[conduct.userIds],
    appPassword: randomBytes(12).toString("base64url"),
  };
  users.push(user);
  return user;
}

export function userNamed({ users }: OpenCloudState, login: string): User {
  const user = users.find((each) => each.login === login);
  if (user === undefined) throw new Error(`The emulated server has no user ${login}; add one first.`);
  return user;
}

/** The OCM address; an id that ends with the host keeps it once (reference/ocm.md 3.1). */
export function addressOf({ host }: Pick<OpenCloudState, "host">, { userId }: User): string {
  return userId.endsWith(`@${host}`) ? userId : `${userId}@${host}`;
}

/** What stands behind the last `@` of an OCM address. */
export function hostIn(address: string): string {
  return address.slice(address.lastIndexOf("@") + 1);
}
