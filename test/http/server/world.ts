import { createHash, randomUUID } from "node:crypto";
import { request as httpRequest } from "node:http";
import { sql } from "kysely";
import type { ServerConfig } from "../../../src/config/config.ts";
import type { PeerRoute, SiteRoute } from "../../../src/http/peer-route.ts";
import type { Pages, ServerParts, SharedFiles } from "../../../src/http/server/parts.ts";
import { createServer, type Server } from "../../../src/http/server/server.ts";
import type { AskedSharing } from "../../../src/http/server/sharing-parts.ts";
import { createSqlQueue, type SqlQueue } from "../../../src/jobs/sql-queue.ts";
import { createLog } from "../../../src/observe/log.ts";
import { noWayOut } from "../../../src/no-way-out.ts";
import { createProtocols } from "../../../src/protocols/protocols.ts";
import type { ReceivingParts } from "../../../src/receiving/parts.ts";
import { servingAnswers } from "../../../src/serving-answers.ts";
import { servingSharings } from "../../../src/serving-sharings.ts";
import { createSharing } from "../../../src/sharing/create.ts";
import type { PlanningParts } from "../../../src/sharing/parts.ts";
import { invitationPath, pagePurpose } from "../../../src/domain/invitation-page.ts";
import { insertAccount } from "../../../src/store/accounts.ts";
import { createAnswerSecret } from "../../../src/store/answer-secrets.ts";
import { createToken, type TokenScope, tokenScopes } from "../../../src/store/api-tokens.ts";
import { newId } from "../../../src/store/ids.ts";
import { readRecipients } from "../../../src/store/invited.ts";
import { insertInvite, inviteTokenHash, sealInviteToken } from "../../../src/store/ocm-invites.ts";
import { insertNotification, type NotificationRow } from "../../../src/store/notifications.ts";
import { addRecord } from "../../../src/store/records.ts";
import { createSealer, generateKey, type Sealer } from "../../../src/store/sealing.ts";
import type { Store } from "../../../src/store/store.ts";
import { insertSubscription, type SubscriptionRow } from "../../../src/store/subscriptions.ts";
import { openSettings, request as sharingRequest } from "../../sharing/parts.ts";
import { temporaryStore } from "../../store/temporary.ts";

export const publicHost = "usher.example.org";
/** Must never be seen in any answer or log. */
export const linkCanary = "https://cloud.example.com/ajax/share/0canary0link0secret0/1/8/39";

export interface World extends AsyncDisposable {
  readonly store: Store;
  readonly sealer: Sealer;
  readonly queue: SqlQueue;
  readonly server: Server;
  readonly port: number;
  readonly logged: readonly string[];
  readonly parts: ServerParts;
  /** Another server on the same store, as after a restart. */
  again(): Promise<Server>;
}

export interface WorldOptions {
  readonly instanceRoutes?: readonly PeerRoute[] | undefined;
  readonly federationRoutes?: readonly SiteRoute[] | undefined;
  readonly files?: Partial<SharedFiles> | undefined;
  readonly settings?: Partial<ServerConfig> | undefined;
}

/** The real server on a port of its own, with the real answers behind it. */
export async function openWorld({
  files,
  settings,
  instanceRoutes,
  federationRoutes,
}: WorldOptions = {}): Promise<World> {
  await using stack = new AsyncDisposableStack();
  const store = stack.use(await temporaryStore());
  const sealer = createSealer(generateKey());
  const logged: string[] = [];
  const parts = serverParts(store, sealer, { files, settings, instanceRoutes, federationRoutes, logged });
  const start = async (): Promise<Server> => createServer(parts);
  const server = stack.use(await start());
  const opened = stack.move();
  return {
    store,
    sealer,
    queue: parts.queue,
    server,
    port: Number(URL.parse(server.address)?.port ?? 0),
    logged,
    parts,
    again: start,
    [Symbol.asyncDispose]: async () => opened.disposeAsync(),
  };
}

/** What a server over this store is given: all of it real, but pages and files as the test says. */
export function serverParts(
  store: Store,
  sealer: Sealer,
  {
    files,
    settings,
    logged,
    instanceRoutes = [],
    federationRoutes = [],
  }: WorldOptions & { readonly logged: string[] },
): ServerParts & { readonly queue: SqlQueue } {
  const queue = createSqlQueue({ store, owner: "daemon/1" });
  const log = createLog({ level: "debug", format: "json", write: (line) => logged.push(line) });
  const receiving: ReceivingParts = {
    store,
    sealer,
    queue,
    protocols: createProtocols({ http: noWayOut }),
    settings: () => {
      throw new Error("no answer asks for settings");
    },
    onStateChanged: async () => {},
    tell: () => undefined,
    newId,
    random: Math.random,
  };
  return {
    settings: () => ({
      publicUrl: `https://${publicHost}`,
      listen: { host: "127.0.0.1", port: 0 },
      trustedProxies: [],
      ...settings,
    }),
    store,
    sealer,
    queue,
    log,
    answers: async () => Promise.resolve(servingAnswers(receiving)),
    files: { browse: noFiles, open: noFiles, ...files },
    sharings: servingSharings(planningOf({ store, sealer }, queue), {
      sealer,
      queue,
      newId,
      siteUrl: () => `https://${publicHost}`,
      whyNotReached: () => null,
      expireAfterMs: () => null,
    }),
    invites: noInvites,
    pages: plainPages,
    instanceRoutes: async () => instanceRoutes,
    federationRoutes: async () => federationRoutes,
  };
}

async function noInvites(): Promise<never> {
  throw new Error("There are no clouds in this test.");
}

async function noFiles() {
  return { kind: "cannot-browse", detail: "There is no origin in this test." } as const;
}

/** As little as shows what a page was given; the real pages have tests of their own. */
const plainPages: Pages = {
  answer: (_locale, { form, ...shown }) =>
    `<pre>${JSON.stringify(shown)}</pre>${form === null ? "" : `<form action="${form.action}"><input name="form" value="${form.token}"></form>`}`,
  answered: (_locale, shown) => `<pre>${JSON.stringify(shown)}</pre>`,
  invitation: (_locale, { form, ...shown }) =>
    `<pre>${JSON.stringify(shown)}</pre><form action="${form.action}"><input name="form" value="${form.token}"></form>`,
  invitationAnswered: (_locale, shown) => `<pre>${JSON.stringify(shown)}</pre>`,
  noLongerValid: () => "<p>This link is no longer valid.</p>",
  stylesheet: { path: "/pages.css", css: "p{}" },
};

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** The JSON of an answer. */
export function json({ text }: Reply): Readonly<Record<string, unknown>> {
  const value: Record<string, unknown> = JSON.parse(text);
  return value;
}

/** The JSON of a list. */
export function rows({ text }: Reply): readonly Readonly<Record<string, unknown>>[] {
  const value: Record<string, unknown>[] = JSON.parse(text);
  return value;
}

export interface AskOptions {
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly form?: Readonly<Record<string, string>>;
  /** A body as it is; its type is among the headers. */
  readonly raw?: string;
}

/** One request over a connection of its own. */
export async function ask(
  world: { readonly port: number },
  method: string,
  path: string,
  { token, headers, body, form, raw }: AskOptions = {},
): Promise<Reply> {
  const payload =
    form !== undefined
      ? new URLSearchParams(form).toString()
      : body === undefined
        ? (raw ?? null)
        : JSON.stringify(body);
  const type = form === undefined ? "application/json" : "application/x-www-form-urlencoded";
  return new Promise((resolve, reject) => {
    const sent = httpRequest({
      host: "127.0.0.1",
      port: world.port,
      method,
      path,
      agent: false,
      headers: {
        host: publicHost,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(payload === null ? {} : { "content-type": type, "content-length": Buffer.byteLength(payload) }),
        ...headers,
      },
    });
    sent.on("error", reject);
    sent.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("error", reject);
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
      });
    });
    sent.end(payload ?? undefined);
  });
}

/** A hash of every row of every table. */
export async function fingerprint(store: Store): Promise<string> {
  const hash = createHash("sha256");
  const { rows: tables } = await sql<{ name: string }>`
    select name from sqlite_schema where type = 'table' order by name`.execute(store.db);
  for (const { name } of tables) {
    const table = await sql`select * from ${sql.table(name)}`.execute(store.db);
    hash.update(name).update(
      table.rows
        .map((row) => JSON.stringify(row))
        .toSorted()
        .join("\n"),
    );
  }
  return hash.digest("hex");
}

export interface Person {
  readonly accountId: string;
  readonly address: string;
  readonly notification: NotificationRow;
  readonly subscription: SubscriptionRow;
  readonly inviteId: string;
  readonly sharing: SharedBy;
  /** A token with all scopes that an account's may have. */
  readonly token: string;
}

function planningOf({ store, sealer }: Pick<World, "store" | "sealer">, queue: SqlQueue): PlanningParts {
  return {
    store,
    sealer,
    queue,
    newId,
    sender: () => ({ name: "Example Cloud", address: "share@example.org" }),
    settings: () => ({ ...openSettings, publicUrl: `https://${publicHost}` }),
  };
}

/** A sharing with bob@example.net, and the page that he is mailed the link of. */
export interface SharedBy {
  readonly id: string;
  readonly recipientId: string;
  readonly page: string;
}

/** Shares something behind a link that must never be seen; nothing is sent. */
export async function addSharing(
  { store, sealer }: Pick<World, "store" | "sealer">,
  account: string,
  change: Partial<AskedSharing> = {},
): Promise<SharedBy> {
  const queue = createSqlQueue({ store, owner: "daemon/1" });
  const created = await createSharing(planningOf({ store, sealer }, queue), {
    ...sharingRequest,
    account,
    link: linkCanary,
    ...change,
  });
  if (created.kind === "refused") throw new Error(JSON.stringify(created.problems));
  const { id } = created;
  const [recipient] = await readRecipients(store.db, id);
  const recipientId = recipient?.id ?? "";
  return {
    id,
    recipientId,
    page: invitationPath({ recipientId, mac: sealer.mac(pagePurpose, recipientId) }),
  };
}

/** An account with one held notification, one that is followed with its subscription, a sharing, and a token. */
export async function addPerson(
  { store, sealer }: Pick<World, "store" | "sealer">,
  name: string,
): Promise<Person> {
  const accountId = newId("a");
  const address = `${name}@example.org`;
  await insertAccount(store.db, {
    id: accountId,
    name,
    locale: "en",
    modules: ["files"],
    addresses: [address],
    createdAt: Date.now(),
  });
  const notification = await addNotification({ store, sealer }, accountId);
  const followed = await addNotification({ store, sealer }, accountId, { state: "followed" });
  const subscription = subscriptionOf(followed);
  await insertSubscription(store.db, subscription);
  const scopes = tokenScopes.filter((scope) => !scope.startsWith("jobs:"));
  const token = await addToken(store, { accountId, scopes });
  const sharing = await addSharing({ store, sealer }, name);
  const inviteId = await addInvite({ store, sealer }, accountId);
  return { accountId, address, notification, subscription, sharing, inviteId, token };
}

async function addInvite(
  { store, sealer }: Pick<World, "store" | "sealer">,
  accountId: string,
): Promise<string> {
  const id = newId("v");
  const token = randomUUID();
  await insertInvite(store.db, {
    id,
    account_id: accountId,
    sharing_id: null,
    recipient_id: null,
    token_hash: inviteTokenHash(token),
    token_sealed: sealInviteToken(sealer, id, token),
    state: "open",
    contact_id: null,
    accepted_by_host: null,
    created_at: Date.now(),
    expires_at: Date.now() + 3600_000,
    accepted_at: null,
  });
  return id;
}

export async function addToken(
  store: Store,
  token: {
    readonly accountId: string | null;
    readonly scopes: readonly TokenScope[];
    readonly expiresAt?: number;
  },
): Promise<string> {
  const made = await createToken(store.db, { name: newId("token-"), expiresAt: null, ...token });
  if (made === null) throw new Error("two tokens of one name");
  return made.secret;
}

export async function addNotification(
  { store, sealer }: Pick<World, "store" | "sealer">,
  accountId: string,
  change: Partial<NotificationRow> = {},
): Promise<NotificationRow> {
  const id = newId("n");
  const row: NotificationRow = {
    id,
    account_id: accountId,
    protocol: "ox",
    variant: "files",
    origin: "https://cloud.example.com",
    share_key: createHash("sha256").update(id).digest("hex"),
    share_hint: "0canary0…",
    link_sealed: sealer.seal(linkCanary, { table: "notification", row: id, column: "link_sealed" }),
    password_sealed: null,
    recipient_kind: "named-guest",
    module: "files",
    title: "Plans <b>",
    sharer_name: "Carla",
    sharer_address: "carla@example.com",
    state: "held",
    reason: null,
    detail: null,
    created_at: Date.now(),
    updated_at: Date.now(),
    expires_at: null,
    ...change,
  };
  await insertNotification(store.db, row);
  await addRecord(store.db, { accountId, notificationId: id }, "mail", { evidence: { isJunk: false } });
  return row;
}

function subscriptionOf(row: NotificationRow): SubscriptionRow {
  const { account_id, id: notification_id, protocol, origin, share_key } = row;
  return {
    account_id,
    notification_id,
    protocol,
    origin,
    share_key,
    id: newId("s"),
    via: "usher",
    state: "SUBSCRIBED",
    reason: null,
    detail: null,
    title: "Plans",
    guest: "bob",
    home_account: null,
    home_folder: null,
    checked_at: null,
    next_check_at: null,
    failing_since: null,
    created_at: Date.now(),
    ended_at: null,
  };
}

/** The path of the answer page of a notification, mailed to the account's address. */
export async function addPage(
  { store }: Pick<World, "store">,
  person: Person,
  notificationId?: string,
): Promise<string> {
  const secret = await createAnswerSecret(store.db, {
    notificationId: notificationId ?? person.notification.id,
    addressKey: person.address,
  });
  return `/answer/${secret}`;
}
