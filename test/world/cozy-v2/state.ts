import { randomBytes } from "node:crypto";
import type { Couch, Event, Stored } from "./couch.ts";
import type { Resolve } from "./peers.ts";
import type { Place } from "./place.ts";
import type { Replicator } from "./replicator.ts";
import { type Fields, isEmpty, textOf } from "./wire.ts";

/** The names of the servers, or those of the Cozy-sharing (v2) document (reference/cozy.md 4.2). */
export type Wording = "code" | "document";

export interface Rule {
  readonly id: string | number;
  readonly docType: string;
}

export interface Target {
  readonly recipientUrl: string;
  /** Until the target answers; then it has a token. */
  readonly preToken?: string;
  readonly token?: string;
  /** Of a continuous replication. */
  readonly repID?: string;
  /** What the last failed call said. */
  readonly error?: string;
}

/** The sharing document of a sharer (reference/cozy.md 4.3); its id is the shareID. */
export interface SharerDocument {
  readonly id: string;
  readonly desc?: string;
  readonly rules: readonly Rule[];
  readonly targets: readonly Target[];
  readonly continuous?: unknown;
}

/** The sharing document of a recipient: the request, and later whether it was accepted. */
export interface RecipientDocument {
  readonly id: string;
  readonly shareID: string;
  readonly sharerUrl: string;
  readonly sharerName?: string;
  readonly recipientUrl: string;
  readonly preToken: string;
  readonly rules: readonly Rule[];
  readonly desc: string;
  readonly accepted?: boolean;
  /** Never saved by the servers (reference/cozy.md 8.2). */
  readonly token?: string;
  readonly targets?: unknown;
}

export interface Access {
  readonly id: string;
  readonly login: string;
  readonly token: string;
  /** Id of the recipient's sharing document. */
  readonly app: string;
  readonly rules: readonly Rule[];
}

export interface App {
  readonly token: string;
  readonly permissions: readonly string[];
}

export type Notification =
  | {
      readonly slug: null;
      readonly sharerName: string;
      readonly docTypes: readonly string[];
      readonly app: string | null;
    }
  | {
      readonly slug: "sharing_update_notification" | "sharing_delete_notification";
      readonly docId: string;
      readonly shareID: string;
    };

/** Where a Cozy differs from the one in production. */
export interface Habits {
  /** Outside production every check of an app and of a rule passes. */
  production: boolean;
  /** The recipient saves its token, so that leaving works, as the document and its authors meant it. */
  savesToken: boolean;
}

export interface CozyState {
  readonly data: Couch;
  readonly replicator: Replicator;
  readonly resolve: Resolve;
  readonly wording: Wording;
  /** `cozyinstance.domain`. */
  readonly domain: string;
  readonly publicName: string;
  readonly habits: Habits;
  readonly apps: Map<string, App>;
  /** preTokens and tokens made here. */
  readonly secrets: string[];
  readonly notifications: Notification[];
  /** What the data-system published: name and payload. */
  readonly feed: string[];
  readonly bodies: { readonly place: Place; readonly body: Fields }[];
  requestsToday: number;
  refuse(what: string): void;
}

/** 32 random bytes as lower-case hex. */
export function newToken(state: CozyState): string {
  const token = randomBytes(32).toString("hex");
  state.secrets.push(token);
  return token;
}

export function ownUrl(state: CozyState): string {
  return `https://${state.domain}/`;
}

export function sharerDocument(state: CozyState, id: string): SharerDocument {
  return sharerIn(state.data.get(id));
}

export function recipientDocument(state: CozyState, id: string): RecipientDocument {
  return recipientIn(state.data.get(id));
}

export function sharerIn({ id, fields }: Stored): SharerDocument {
  return { ...(fields as Omit<SharerDocument, "id">), id };
}

export function recipientIn({ id, fields }: Stored): RecipientDocument {
  return { ...(fields as Omit<RecipientDocument, "id">), id };
}

function accessIn({ id, fields }: Stored): Access {
  return { ...(fields as Omit<Access, "id">), id };
}

export function documentsOfType(state: CozyState, docType: string): readonly Stored[] {
  return state.data.all().filter(({ fields }) => textOf(fields["docType"]).toLowerCase() === docType);
}

/** The view `sharing/byShareID`. */
export function byShareID(state: CozyState, shareID: string): readonly RecipientDocument[] {
  return documentsOfType(state, "sharing")
    .map(recipientIn)
    .filter((each) => each.shareID === shareID);
}

export function accesses(state: CozyState): readonly Access[] {
  return documentsOfType(state, "access").map(accessIn);
}

/** The one entry of the map by which the home finds an app for a request. */
const appOfDocType: ReadonlyMap<string, string> = new Map([["event", "calendar"]]);

/** What the feed of the data-system and the home make of a change (reference/cozy.md 4.8). */
export function announce(state: CozyState, { id, kind, fields }: Event): void {
  const docType = textOf(fields["docType"]).toLowerCase();
  if (docType === "sharing") {
    if (kind === "create") announceRequest(state, id, fields);
    return;
  }
  const { shareID } = fields;
  if (typeof shareID !== "string") return;
  state.feed.push(`sharing.${docType}.${kind} ${id}:${shareID}`);
  if (kind === "create" || byShareID(state, shareID).length === 0) return;
  state.notifications.push({ slug: `sharing_${kind}_notification`, docId: id, shareID });
}

function announceRequest(state: CozyState, id: string, fields: Fields): void {
  state.feed.push(`sharing.create ${id}`);
  if (!isEmpty(fields["targets"])) return;
  const docTypes = (fields["rules"] as readonly Rule[]).map((rule) => rule.docType);
  const app = docTypes.map((each) => appOfDocType.get(each.toLowerCase())).find((each) => each !== undefined);
  state.notifications.push({
    slug: null,
    sharerName: textOf(fields["sharerName"]),
    docTypes,
    app: app ?? null,
  });
}
