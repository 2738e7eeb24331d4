/**
 * One Cozy of platform version 2 (data-system and proxy) with one owner, at https://HOSTNAME:PORT on 127.0.0.1,
 * strictly after reference/cozy.md, section 4. It is sharer and recipient at once. Contract world, how a test drives it:
 *
 *   documents     `owner.keep({ docType, ... })` gives an id; `owner.change`, `owner.erase`, `documents()`
 *   create        `owner.share({ desc, rules, targets, continuous })`: the data-system's answer, with the shareID.
 *                 The requests are POSTed while it runs, one after another. There is no mail in this generation.
 *   received      `pending()`: requests that wait for the owner; `notifications()`
 *   accept        `owner.accept(id)`, refuse `owner.refuse(id)`, with the id of the pending document. Where the sharing
 *                 is not continuous the sharer replicates before it answers, that is, within this call.
 *   replication   `settled()` ends when continuous replications have pushed; `replications()`, `retryReplications()`
 *   revoke        `owner.revoke(shareID)`, `owner.revokeTarget(shareID, recipientUrl)`
 *   leave         `owner.leave(id)`: refused by every sharer, as by the servers (section 8.2), unless
 *                 `setHabits({ savesToken: true })` was called before accepting
 *   state         `sharings()`, `accesses()`, `feed()`, `secrets()`; `refusals()` is empty after an honest conversation
 *   trouble       `misbehave(fault, place, times)`, `goDown()`, `comeUp()`, `breakDatabase(operation, times)`
 *   apps          `dataSystem(call)` is any call of an app; `addApp` installs one
 *
 * `wording: "document"` lets the sharer speak as the Cozy-sharing (v2) document has it: the request is `id`, `desc`,
 * `rules`, `continuous` and `target` with the sharer's own bare address as `recipientUrl` beside the preToken, nothing
 * else; `continuous` is true unless told otherwise; and the preToken alone tells who answers. As a recipient it takes the
 * names of the code alone, as the servers do.
 *
 * Not in the reference, and chosen here: GET and HEAD below /replication/ (see replication-calls.ts), and that a 200
 * whose body is no JSON counts as a failed call. Not emulated: calls that never come back where no domain is set.
 */
import {
  type EmulatedServer,
  type EmulatedServerOptions,
  hostOf,
  type Observed,
  startEmulatedServer,
  type Trouble,
} from "../emulated-server.ts";
import { Couch, type Operation, type Stored, whole } from "./couch.ts";
import { callDataSystem, type DataSystemAnswer, type DataSystemCall } from "./data-system.ts";
import type { Resolve } from "./peers.ts";
import { type Place, placeOf } from "./place.ts";
import { answerProxy } from "./proxy.ts";
import { Replicator, type ReplicationView } from "./replicator.ts";
import {
  type Access,
  accesses,
  announce,
  type CozyState,
  documentsOfType,
  type Habits,
  newToken,
  type Notification,
  type RecipientDocument,
  type Rule,
  recipientIn,
  sharerIn,
  type Wording,
} from "./state.ts";
import { type CozyRequest, type Fields, jsonReply, readRequest, textOf } from "./wire.ts";

export interface CozyV2Options extends EmulatedServerOptions {
  /** Where the hosts of other servers listen. */
  readonly resolve: Resolve;
  /** Name of the owner; where it is empty, requests carry the domain. */
  readonly publicName?: string;
  /** How other servers reach it, `hostname:port` where not told. */
  readonly domain?: string;
  readonly wording?: Wording;
}

export interface NewSharing {
  readonly desc?: string;
  readonly rules: readonly Rule[];
  readonly targets: readonly { readonly recipientUrl: string }[];
  readonly continuous?: boolean;
}

/** What the owner does, through the home app. */
interface Owner {
  /** Keeps a document and gives its id. */
  keep(document: Fields): string;
  change(id: string, fields: Fields): void;
  erase(id: string): void;
  share(sharing: NewSharing): Promise<DataSystemAnswer>;
  accept(id: string): Promise<DataSystemAnswer>;
  refuse(id: string): Promise<DataSystemAnswer>;
  leave(id: string): Promise<DataSystemAnswer>;
  revoke(shareID: string): Promise<DataSystemAnswer>;
  revokeTarget(shareID: string, recipientUrl: string): Promise<DataSystemAnswer>;
}

export interface SharingView {
  readonly id: string;
  readonly role: "sharer" | "recipient";
  readonly shareID: string;
  readonly desc: string | null;
  readonly rules: readonly Rule[];
  readonly accepted: boolean;
  /** Of a sharer: those who did not refuse and were not removed. */
  readonly targets: readonly TargetView[];
}

interface TargetView {
  readonly recipientUrl: string;
  readonly state: "asked" | "accepted";
  readonly isReplicated: boolean;
  readonly error: string | null;
}

export interface CozyV2 extends Trouble<Place>, Observed<Place>, AsyncDisposable {
  readonly port: number;
  /** `https://hostname:port`. */
  readonly origin: string;
  readonly owner: Owner;
  dataSystem(call: DataSystemCall): Promise<DataSystemAnswer>;
  /** An app with its permissions; gives its token. */
  addApp(name: string, permissions: readonly string[]): string;
  sharings(): readonly SharingView[];
  /** Requests that the owner did not answer, of one docType or of all. */
  pending(docType?: string): readonly RecipientDocument[];
  accesses(): readonly Access[];
  /** Documents that are neither sharings nor accesses. */
  documents(): readonly Fields[];
  document(id: string): Fields | null;
  notifications(): readonly Notification[];
  feed(): readonly string[];
  replications(): readonly ReplicationView[];
  retryReplications(): void;
  settled(): Promise<void>;
  /** preTokens and tokens made here. */
  secrets(): readonly string[];
  /** JSON bodies of other Cozys at one place, secrets included. */
  bodies(place: Place): readonly Fields[];
  setHabits(habits: Partial<Habits>): void;
  breakDatabase(operation: Operation, times?: number): void;
  /** The limit of requests begins anew. */
  nextDay(): void;
}

export async function startCozyV2(options: CozyV2Options): Promise<CozyV2> {
  const started: { state: CozyState | null } = { state: null };
  const server = await startEmulatedServer<CozyRequest, Place>(options, {
    read: readRequest,
    placeOf,
    shownPath: ({ path }) => path,
    answer: async (request) =>
      started.state === null ? jsonReply(503, {}) : answerProxy(started.state, request),
    misdirected: jsonReply(421, { error: "This is another server." }),
  });
  const authority = hostOf(options.hostname, server.port);
  const state = newState(options, authority, server);
  started.state = state;
  return {
    ...server,
    origin: `https://${authority}`,
    owner: ownerOf(state),
    ...controls(state),
    ...views(state),
  };
}

function newState(options: CozyV2Options, authority: string, server: EmulatedServer<Place>): CozyState {
  const data = new Couch();
  const { resolve, wording = "code", publicName = "", domain = authority } = options;
  const state: CozyState = {
    data,
    replicator: new Replicator(data, resolve, server.refuse),
    resolve,
    wording,
    domain,
    publicName,
    habits: { production: true, savesToken: false },
    apps: new Map(),
    secrets: [],
    notifications: [],
    feed: [],
    bodies: [],
    requestsToday: 0,
    refuse: server.refuse,
  };
  for (const name of ["home", "proxy"]) {
    state.apps.set(name, { token: newToken(state), permissions: ["sharing"] });
  }
  data.listen((event) => announce(state, event));
  return state;
}

function ownerOf(state: CozyState): Owner {
  const call = async (method: string, path: string, body: Fields = {}) =>
    callDataSystem(state, {
      method,
      path: `services/sharing/${path}`,
      credentials: { login: "home", password: state.apps.get("home")?.token ?? "" },
      body,
    });
  return {
    keep: (document) => state.data.save(document).id,
    change: (id, fields) => void state.data.merge(id, fields),
    erase: (id) => state.data.remove(id),
    share: async (sharing) => call("POST", "", { ...sharing }),
    accept: async (id) => call("POST", "sendAnswer", { id, accepted: true }),
    refuse: async (id) => call("POST", "sendAnswer", { id, accepted: false }),
    leave: async (id) => call("DELETE", `target/${id}/`),
    revoke: async (shareID) => call("DELETE", `sharer/${shareID}/`),
    revokeTarget: async (shareID, url) => call("DELETE", `sharer/${shareID}/${encodeURIComponent(url)}/`),
  };
}

function controls(state: CozyState) {
  return {
    dataSystem: async (call: DataSystemCall) => callDataSystem(state, call),
    addApp: (name: string, permissions: readonly string[]) => {
      const token = newToken(state);
      state.apps.set(name, { token, permissions });
      return token;
    },
    retryReplications: () => state.replicator.retry(),
    settled: async () => state.replicator.settled(),
    setHabits: (habits: Partial<Habits>) => void Object.assign(state.habits, habits),
    breakDatabase: (operation: Operation, times = 1) => state.data.break(operation, times),
    nextDay: () => void (state.requestsToday = 0),
  };
}

function views(state: CozyState) {
  return {
    sharings: () => documentsOfType(state, "sharing").map(viewOf),
    pending: (docType?: string) =>
      documentsOfType(state, "sharing")
        .map(recipientIn)
        .filter(
          ({ accepted, targets, rules }) =>
            accepted !== true &&
            targets === undefined &&
            (docType === undefined ||
              rules.some((rule) => rule.docType.toLowerCase() === docType.toLowerCase())),
        ),
    accesses: () => accesses(state),
    documents: () =>
      state.data
        .all()
        .filter(({ fields }) => !["sharing", "access"].includes(textOf(fields["docType"]).toLowerCase()))
        .map(whole),
    document: (id: string) => {
      const found = state.data.find(id);
      return found === null ? null : whole(found);
    },
    notifications: () => [...state.notifications],
    feed: () => [...state.feed],
    replications: () => state.replicator.view(),
    secrets: () => [...state.secrets],
    bodies: (place: Place) => state.bodies.filter((each) => each.place === place).map(({ body }) => body),
  };
}

function viewOf(stored: Stored): SharingView {
  const { id } = stored;
  if (stored.fields["targets"] === undefined) {
    const { shareID, desc, rules, accepted = false } = recipientIn(stored);
    return { id, role: "recipient", shareID, desc, rules, accepted, targets: [] };
  }
  const { desc = null, rules, targets } = sharerIn(stored);
  const shown = targets.map(({ recipientUrl, token, repID, error }) => ({
    recipientUrl,
    state: token === undefined ? ("asked" as const) : ("accepted" as const),
    isReplicated: repID !== undefined,
    error: error ?? null,
  }));
  return { id, role: "sharer", shareID: id, desc, rules, accepted: false, targets: shown };
}
