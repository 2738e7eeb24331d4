import type { JsonObject } from "./json.ts";
import type { OcmGround } from "./server.ts";
import type { Answered } from "./caller.ts";
import type { Discovered } from "./discovery.ts";
import { type Resource, treeOf, type TreeNode } from "./tree.ts";
import { alphanumerics, type OcmUser } from "./users.ts";

export type Permission = "read" | "write" | "share";

/** A share that goes out to another server. */
export interface SentShare {
  /** providerId. */
  readonly id: string;
  readonly secret: string;
  /** uid of the owner. */
  readonly by: string;
  readonly to: string;
  /** Host part of `to`. */
  readonly host: string;
  readonly name: string;
  readonly root: TreeNode;
  readonly permissions: readonly Permission[];
  /** `left` is a decline after an accept; what `failed` never stood. */
  state: "offered" | "accepted" | "declined" | "left" | "unshared" | "failed";
  /** Token exchanges so far, and the token that the last one gave. */
  exchanges: number;
  accessToken: { readonly token: string; readonly expiresAt: number } | null;
}

/** A share that came in for a user here. */
export interface TakenShare {
  /** As the user's own server counts. */
  readonly id: number;
  readonly providerId: string;
  readonly secret: string;
  /** uid. */
  readonly user: string;
  readonly name: string;
  /** OCM address. */
  readonly owner: string;
  readonly ownerName: string;
  /** Host part of `owner`. */
  readonly host: string;
  /** The share says `must-exchange-token`. */
  readonly mustExchange: boolean;
  /** As it was posted; holds the secret. */
  readonly body: JsonObject;
  state: "pending" | "accepted" | "declined" | "left" | "unshared";
}

/** One accepted notification. */
export interface Notified {
  readonly type: "SHARE_ACCEPTED" | "SHARE_DECLINED" | "SHARE_UNSHARED";
  readonly providerId: string;
  /** Host of the other side of the share. */
  readonly host: string;
  /** Holds the secret. */
  readonly notification: JsonObject;
}

export interface Location {
  /** Address of the root, with its final slash. */
  readonly url: string;
  /** Value of the field Authorization. */
  readonly authorization: string;
}

/** What servers of the Nextcloud family have in common. */
export interface Federation extends OcmGround {
  readonly users: Map<string, OcmUser>;
  readonly sent: SentShare[];
  readonly taken: TakenShare[];
  readonly notified: Notified[];
  /** What another server tells of itself, asked as this product asks; null where it tells nothing that is usable. */
  readonly discover: (host: string) => Promise<Discovered | null>;
  /** Posts JSON to `endPoint` and this path of a discovered server, signed as this product signs. */
  readonly post: (to: Discovered, path: string, body: JsonObject) => Promise<Answered>;
  /** Where a share lies at its owner's server, and what opens it. */
  readonly locate: (share: TakenShare) => Promise<Location>;
}

export type SharedResource = Resource & {
  /** uid; the first user where it is left out. */
  readonly by?: string;
  readonly permissions?: readonly Permission[];
};

export function newSentShare(
  { sent }: Pick<Federation, "sent">,
  by: OcmUser,
  to: { readonly address: string; readonly host: string },
  resource: Resource & Pick<SharedResource, "permissions">,
): SentShare {
  const share: SentShare = {
    id: `${17 + sent.length}`,
    secret: alphanumerics(15),
    by: by.uid,
    to: to.address,
    host: to.host,
    name: resource.name,
    root: treeOf(resource),
    permissions: resource.permissions ?? ["read"],
    state: "offered",
    exchanges: 0,
    accessToken: null,
  };
  sent.push(share);
  return share;
}

/** The user of that id, or the first one. */
export function userNamed({ users }: Pick<Federation, "users">, uid?: string): OcmUser {
  const user = uid === undefined ? users.values().next().value : users.get(uid);
  if (user === undefined) throw new Error(`The emulated server has no user ${uid ?? ""}; add one first.`);
  return user;
}

/** Takes part in nothing any more: its secret opens nothing. */
export function isOver(share: SentShare | TakenShare): boolean {
  return share.state !== "offered" && share.state !== "pending" && share.state !== "accepted";
}

/** What became of a share that was to go out. */
export type ShareOutcome =
  | { readonly kind: "created"; readonly share: SentShare; readonly answer: Answered }
  /** Its user is told OCS 403; `answers` are those of the other server, in order. */
  | {
      readonly kind: "failed";
      readonly ocsStatus: 403;
      readonly answers: readonly Answered[];
      /** It stands already; nobody was asked. */
      readonly isRepeated: boolean;
    };
