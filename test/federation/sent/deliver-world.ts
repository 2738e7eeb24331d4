import { createSqlQueue } from "../../../src/jobs/sql-queue.ts";
import type { FederationEvent, FederationParts, Peers, PeerPosted } from "../../../src/federation/parts.ts";
import { createFederated, type FederatingParts } from "../../../src/federation/sent/create.ts";
import type { FederatedRequest } from "../../../src/federation/sent/check-request.ts";
import { createTellPeer } from "../../../src/federation/sent/tell-peer.ts";
import { noWayOut } from "../../../src/no-way-out.ts";
import type { Peer } from "../../../src/protocols/ocm/peer.ts";
import { recipientAnswered } from "../../../src/sharing/answer.ts";
import { endSharesOf } from "../../../src/sharing/end-sent-shares.ts";
import { insertAccount } from "../../../src/store/accounts.ts";
import { newId } from "../../../src/store/ids.ts";
import { type InvitedRecipient, readRecipients } from "../../../src/store/invited.ts";
import { openSentShare, type SentShareRow } from "../../../src/store/ocm-sent-shares.ts";
import { type RecordLine, readStories } from "../../../src/store/records.ts";
import { createSealer, generateKey } from "../../../src/store/sealing.ts";
import type { Store } from "../../../src/store/store.ts";
import { temporaryStore } from "../../store/temporary.ts";

const request: FederatedRequest = {
  account: "alice",
  title: "report.pdf",
  webdav: "https://files.example/dav/report.pdf",
  login: "alice",
  secret: "application secret",
  resourceType: null,
  to: ["dora@cloud.example"],
  mayWrite: false,
  mayShare: false,
  mustExchange: false,
  expiresAtMs: null,
  by: "test",
  key: null,
};

export const peer: Peer = {
  host: "cloud.example",
  origin: "https://cloud.example",
  endPoint: "https://cloud.example/ocm",
  apiVersion: "1.0-proposal1",
  provider: null,
  capabilities: new Set(),
  criteria: new Set(),
  resourceTypes: ["file"],
  webdavPath: "/public.php/webdav/",
  inviteAcceptDialog: null,
  tokenEndPoint: null,
  jwksUri: null,
  publicKey: null,
  form: "webdav",
};

/** What was posted where. */
export interface Posted {
  readonly path: string;
  readonly host: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface DeliverWorld extends AsyncDisposable {
  readonly store: Store;
  readonly parts: FederationParts;
  readonly federating: FederatingParts;
  readonly posted: readonly Posted[];
  readonly told: readonly {
    readonly event: FederationEvent;
    readonly fields: Readonly<Record<string, unknown>>;
  }[];
  /** What peers say of themselves from now on. */
  discovered: Awaited<ReturnType<Peers["discover"]>> | null;
  /** Their answers, one after the other; the last one for ever. */
  answers: readonly PeerPosted[];
  /** Called before each answer. */
  beforeAnswer: () => Promise<void>;
  share(change?: Partial<FederatedRequest>): Promise<string>;
  /** Does what is due now, or after so many milliseconds. */
  work(afterMs?: number): Promise<number>;
  /** The sharing is taken back. */
  end(sharingId: string): Promise<void>;
  recipient(sharingId: string): Promise<InvitedRecipient>;
  row(sharingId: string): Promise<SentShareRow & { readonly secret: string }>;
  story(sharingId: string): Promise<readonly RecordLine[]>;
}

export function answered(status: number, body: unknown = {}, retryAfterMs: number | null = null): PeerPosted {
  return { kind: "answered", status, body, retryAfterMs };
}

/** Alice shares with people at clouds that answer as a test says. */
export async function openDeliverWorld(): Promise<DeliverWorld> {
  await using stack = new AsyncDisposableStack();
  const store = stack.use(await temporaryStore());
  const account = {
    id: "a1",
    name: "alice",
    locale: "en",
    modules: [],
    addresses: ["alice@mail.example"],
    createdAt: 1,
  };
  await store.transaction(async (db) => insertAccount(db, account));
  let passedMs = 0;
  const sealer = createSealer(generateKey());
  const queue = createSqlQueue({
    store,
    owner: "test",
    random: () => 0.5,
    clock: () => Date.now() + passedMs,
  });
  const posted: Posted[] = [];
  const told: { event: FederationEvent; fields: Readonly<Record<string, unknown>> }[] = [];
  const federating: FederatingParts = {
    sealer,
    queue,
    newId,
    siteUrl: () => "https://usher.example",
    whyNotReached: () => null,
    expireAfterMs: () => null,
  };
  const parts = {
    ...federating,
    store,
    http: noWayOut,
    random: () => 0.5,
    recipientAnswered,
    tell: (event: FederationEvent, fields: Readonly<Record<string, unknown>>) =>
      void told.push({ event, fields }),
    peers: {
      discover: async (host: string) =>
        Promise.resolve(world.discovered ?? { kind: "peer", peer: { ...peer, host } }),
      post: async (to: Peer, path: string, body: object) => {
        posted.push({ host: to.host, path, body: JSON.parse(JSON.stringify(body)) as Posted["body"] });
        await world.beforeAnswer();
        const [next = answered(201)] = world.answers;
        if (world.answers.length > 1) world.answers = world.answers.slice(1);
        return next;
      },
      verify: async () => Promise.resolve({ kind: "unsigned", mustSign: false }),
    },
  } as unknown as FederationParts;
  const workers = { "tell-peer": createTellPeer(parts) };
  const opened = stack.move();
  const row: DeliverWorld["row"] = async (id) => {
    const query = store.db.selectFrom("ocm_sent_share").selectAll().where("sharing_id", "=", id);
    const found = await query.executeTakeFirstOrThrow();
    return { ...found, secret: openSentShare(sealer, found, "secret_sealed") };
  };
  const recipient: DeliverWorld["recipient"] = async (id) => {
    const [first] = await readRecipients(store.db, id);
    if (first === undefined) throw new Error("Nobody is invited.");
    return first;
  };
  const world: DeliverWorld = {
    store,
    parts,
    federating,
    posted,
    told,
    discovered: null,
    answers: [],
    beforeAnswer: async () => {},
    share: async (change = {}) => {
      const asked = { ...request, ...change };
      const created = await store.transaction(async (db) => createFederated(db, asked, federating));
      if (created.kind === "refused") throw new Error(JSON.stringify(created.problems));
      return created.id;
    },
    work: async (afterMs = 0) => {
      passedMs += afterMs;
      return queue.drain(workers, { kinds: ["tell-peer"] }, AbortSignal.timeout(60_000));
    },
    end: async (id) => {
      const { id: recipientId } = await recipient(id);
      await store.transaction(async (db) => endSharesOf(db, [recipientId], queue));
    },
    row,
    recipient,
    story: async (id) => (await readStories(store.db, { sharingId: id })).get((await recipient(id)).id) ?? [],
    [Symbol.asyncDispose]: async () => opened.disposeAsync(),
  };
  return world;
}
