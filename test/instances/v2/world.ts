import {
  type CozyMemberRow,
  cozyMembersOf,
  type CozySharingRow,
  cozySharingsOf,
} from "../../../src/store/cozy-sharings.ts";
import { listNotifications, type NotificationRow } from "../../../src/store/notifications.ts";
import { temporaryDirectory } from "../../store/temporary.ts";
import type { Answer } from "../../world/cozy-v1a/stack/outgoing.ts";
import { type CozyV2, type CozyV2Options, startCozyV2 } from "../../world/cozy-v2/cozy.ts";
import { callPeer, type PeerAnswer, type PeerCall, type Whereabouts } from "../../world/cozy-v2/peers.ts";
import { makeCertificates } from "../../world/tls.ts";
import { startUsher, type Usher } from "../usher.ts";

const names = ["alice", "bob", "carol"] as const;
type Name = (typeof names)[number];

/** Servers that know each other by host name, emulated Cozys of platform 2 and Ushers. */
export interface V2World extends AsyncDisposable {
  cozy(name: Name, options?: Partial<CozyV2Options>): Promise<CozyV2>;
  usher(name: Name): Promise<UsherV2>;
  /** A call of anybody. */
  call(call: PeerCall): Promise<PeerAnswer>;
}

/** One account whose application may share; `answer` and `work` are what its owner and the daemon do. */
export interface UsherV2 extends AsyncDisposable {
  readonly usher: Usher;
  readonly origin: string;
  /** Keeps an event, and gives the rule that shares it. */
  keep(id: string, fields: object): Promise<{ readonly id: string; readonly docType: string }>;
  erase(id: string): Promise<void>;
  document(id: string): Promise<Readonly<Record<string, unknown>> | null>;
  /** A call of the application. */
  app(method: string, path: string, body?: unknown): Promise<Answer>;
  share(sharing: object): Promise<string>;
  /** The only request that waits is answered. */
  answer(accepted: boolean): Promise<void>;
  leave(): Promise<void>;
  work(): Promise<void>;
  received(): Promise<Stored | null>;
  owned(): Promise<Stored | null>;
  notifications(): Promise<readonly NotificationRow[]>;
}

/** Rows as they stand. */
export interface Stored {
  readonly sharing: CozySharingRow;
  readonly members: readonly CozyMemberRow[];
  /** How many tokens open what its rules name. */
  readonly tokens: number;
}

interface Tls {
  readonly ca: string;
  readonly tls: { readonly cert: string; readonly key: string };
}

let ofFile: Promise<Tls> | null = null;

/** Made once for a test file. */
async function certificates(): Promise<Tls> {
  await using directory = await temporaryDirectory();
  const made = await makeCertificates(directory.path);
  return { ca: made.ca, tls: await made.certificate(names.map(hostname)) };
}

export async function openV2World(): Promise<V2World> {
  await using stack = new AsyncDisposableStack();
  ofFile ??= certificates();
  const { ca, tls } = await ofFile;
  const whereabouts = new Map<string, Whereabouts>();
  const find = (host: string): Whereabouts | null => whereabouts.get(host) ?? null;
  const resolve = (host: string): Whereabouts => {
    const found = find(host);
    if (found === null) throw new Error(`The test has no server ${host}.`);
    return found;
  };
  const reached = (host: string) => {
    const found = find(host);
    return found === null ? null : { port: found.port, ca };
  };
  const opened = stack.move();
  return {
    cozy: async (name, options = {}) => {
      const publicName = name.replace(/^./, (letter) => letter.toUpperCase());
      const cozy = await startCozyV2({ tls, hostname: hostname(name), resolve, publicName, ...options });
      opened.use(cozy);
      whereabouts.set(hostname(name), { port: cozy.port, ca });
      return cozy;
    },
    usher: async (name) => {
      const ownerMail = `${name}@mail.example`;
      const usher = opened.use(
        await startUsher({ tls, hostname: hostname(name), ownerMail, resolve: reached }),
      );
      whereabouts.set(hostname(name), { port: usher.port, ca });
      return usherV2(usher);
    },
    call: async (call) => callPeer(resolve, call),
    [Symbol.asyncDispose]: async () => opened.disposeAsync(),
  };
}

function hostname(name: string): string {
  return `${name}.cozy.example`;
}

async function usherV2(usher: Usher): Promise<UsherV2> {
  const app = await usher.app("sharing event:ALL io.cozy.files:ALL");
  const { db } = usher.site.store;
  const stored = async (isOwner: 0 | 1): Promise<Stored | null> => {
    const sharing = (await cozySharingsOf(db, usher.accountId)).findLast((each) => each.is_owner === isOwner);
    if (sharing === undefined) return null;
    const tokens = db
      .selectFrom("cozy_token")
      .select("secret_hash")
      .where("cozy_sharing_id", "=", sharing.id);
    const held = await tokens.execute();
    return { sharing, members: await cozyMembersOf(db, sharing.id), tokens: held.length };
  };
  const ok = async (method: string, path: string, body?: unknown): Promise<Answer> => {
    const answer = await app(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    return answer;
  };
  const own = async (): Promise<string> => (await stored(0))?.sharing.document_id ?? "";
  return {
    usher,
    origin: usher.origin,
    keep: async (id, fields) => {
      const known = await app("GET", `/data/event/${id}`);
      const rev = known.status === 200 ? { _rev: bodyOf(known)["_rev"] } : {};
      await ok("PUT", `/data/event/${id}`, { docType: "event", ...fields, ...rev });
      return { id, docType: "event" };
    },
    erase: async (id) => void (await ok("DELETE", `/data/event/${id}`)),
    document: async (id) => {
      const found = await app("GET", `/data/event/${id}`);
      return found.status === 200 ? bodyOf(found) : null;
    },
    app,
    share: async (sharing) => String(bodyOf(await ok("POST", "/services/sharing/", sharing))["shareID"]),
    answer: async (accepted) =>
      void (await ok("POST", "/services/sharing/sendAnswer", { id: await own(), accepted })),
    leave: async () => void (await ok("DELETE", `/services/sharing/target/${await own()}/`)),
    work: async () => usher.work(),
    received: async () => stored(0),
    owned: async () => stored(1),
    notifications: async () => listNotifications(db, { accountId: usher.accountId }),
    [Symbol.asyncDispose]: async () => usher[Symbol.asyncDispose](),
  };
}

export function bodyOf({ text }: Pick<Answer, "text">): Readonly<Record<string, unknown>> {
  const body: Readonly<Record<string, unknown>> = JSON.parse(text);
  return body;
}
