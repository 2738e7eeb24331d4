import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeCertificates } from "../tls.ts";
import { type CozyV2, type CozyV2Options, startCozyV2 } from "./cozy.ts";
import { callPeer, type PeerAnswer, type PeerCall, type Whereabouts } from "./peers.ts";
import type { Rule } from "./state.ts";

const names = ["alice", "bob", "charlie"] as const;

/** Certificates, and Cozys that know each other by host name. */
export interface Stage extends AsyncDisposable {
  start(name: (typeof names)[number], options?: Partial<CozyV2Options>): Promise<CozyV2>;
  /** A call of somebody else at a Cozy. */
  call(call: PeerCall): Promise<PeerAnswer>;
}

export async function openStage(): Promise<Stage> {
  const directory = await mkdtemp(join(tmpdir(), "usher-cozy-v2-"));
  const certificates = await makeCertificates(directory);
  const tls = await certificates.certificate(names.map(hostname));
  const whereabouts = new Map<string, Whereabouts>();
  const resolve = (host: string): Whereabouts => {
    const found = whereabouts.get(host);
    if (found === undefined) throw new Error(`The test has no server ${host}.`);
    return found;
  };
  return {
    start: async (name, options = {}) => {
      const publicName = name.replace(/^./, (letter) => letter.toUpperCase());
      const cozy = await startCozyV2({ tls, hostname: hostname(name), resolve, publicName, ...options });
      whereabouts.set(hostname(name), { port: cozy.port, ca: certificates.ca });
      return cozy;
    },
    call: async (call) => callPeer(resolve, call),
    [Symbol.asyncDispose]: async () => rm(directory, { recursive: true }),
  };
}

function hostname(name: string): string {
  return `${name}.cozy.example`;
}

export interface Pair extends AsyncDisposable {
  readonly alice: CozyV2;
  readonly bob: CozyV2;
  /** Alice's document, and the rule that shares it. */
  readonly rule: Rule;
}

export async function openPair(stage: Stage, options: Partial<CozyV2Options> = {}): Promise<Pair> {
  await using stack = new AsyncDisposableStack();
  const alice = stack.use(await stage.start("alice", options));
  const bob = stack.use(await stage.start("bob"));
  const id = alice.owner.keep({ docType: "Event", description: "Concert" });
  const owned = stack.move();
  return {
    alice,
    bob,
    rule: { id, docType: "event" },
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}

/** Alice shares with Bob; gives the shareID, and the id of what waits at Bob's. */
export async function shareWithBob(
  { alice, bob, rule }: Pair,
  continuous?: boolean,
): Promise<{ readonly shareID: string; readonly pending: string }> {
  const { body } = await alice.owner.share({
    desc: "Concert tickets",
    rules: [rule],
    targets: [{ recipientUrl: bob.origin }],
    ...(continuous === undefined ? {} : { continuous }),
  });
  const shareID = String(body["shareID"]);
  const pending = bob.pending().find((each) => each.shareID === shareID);
  if (pending === undefined) throw new Error(`Bob has no request: ${JSON.stringify(body)}`);
  return { shareID, pending: pending.id };
}

/** The preToken of Bob's request, or the token that he gave. */
export function secretOf(bob: CozyV2, shareID: string): string {
  const access = bob.accesses().find(({ login }) => login === shareID);
  const pending = bob.pending().find((each) => each.shareID === shareID);
  const secret = access?.token ?? pending?.preToken;
  if (secret === undefined) throw new Error(`Bob has nothing of the sharing ${shareID}.`);
  return secret;
}
