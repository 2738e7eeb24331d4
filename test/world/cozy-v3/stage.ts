import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { makeCertificates } from "../tls.ts";
import { type Answered, type Call, newCaller, type Reachable } from "./caller.ts";
import { type CozyV3, type CozyV3Options, startCozyV3 } from "./cozy.ts";
import type { Credentials } from "./model.ts";

const names = ["alice", "bob", "carol"] as const;
type Name = (typeof names)[number];

export interface Stage extends AsyncDisposable {
  readonly tls: { readonly cert: string; readonly key: string };
  readonly ca: string;
}

/** Certificates in a temporary directory that goes with the stage. */
export async function openStage(): Promise<Stage> {
  const directory = await mkdtemp(join(tmpdir(), "usher-cozy-"));
  const certificates = await makeCertificates(directory);
  return {
    tls: await certificates.certificate(names.map(hostOfName)),
    ca: certificates.ca,
    [Symbol.asyncDispose]: async () => rm(directory, { recursive: true }),
  };
}

export interface Cast extends AsyncDisposable {
  readonly alice: CozyV3;
  readonly bob: CozyV3;
  readonly carol: CozyV3;
  /** A call from outside; throws where no answer comes. */
  readonly ask: (what: Call) => Promise<Extract<Answered, { kind: "answered" }>>;
}

type PartOptions = Pick<CozyV3Options, "settings" | "send">;

/** Three Cozys that know each other's addresses. */
export async function meet(stage: Stage, options: Partial<Record<Name, PartOptions>> = {}): Promise<Cast> {
  await using parts = new AsyncDisposableStack();
  const ports = new Map<string, Reachable>();
  const resolve = (host: string): Reachable | null => ports.get(host) ?? null;
  const start = async (name: Name): Promise<CozyV3> => {
    const hostname = hostOfName(name);
    const publicName = `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
    const owner = { publicName, email: emailOf(name) };
    const cozy = parts.use(await startCozyV3({ tls: stage.tls, hostname, owner, resolve, ...options[name] }));
    ports.set(hostname, { port: cozy.port, ca: stage.ca });
    return cozy;
  };
  const { call } = newCaller({
    resolve,
    settings: { patienceMs: 60_000 },
    signal: new AbortController().signal,
  });
  const [alice, bob, carol] = [await start("alice"), await start("bob"), await start("carol")];
  const owned = parts.move();
  return {
    alice,
    bob,
    carol,
    ask: async (what) => {
      const answer = await call(what);
      if (answer.kind === "unreachable") throw new Error(answer.reason);
      return answer;
    },
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}

function hostOfName(name: string): string {
  return `${name}.cozy.example`;
}

export function emailOf(name: string): string {
  return `${name}@mail.example`;
}

export interface Album {
  readonly sharing: string;
  readonly directory: string;
  readonly file: string;
  /** The link of the mail to Bob. */
  readonly link: string;
}

/** Alice shares the directory "Holiday" with a file in it with Bob, whose Cozy she does not know. */
export async function shareAlbum(
  { alice }: Cast,
  more: Partial<Parameters<CozyV3["owner"]["share"]>[0]> = {},
): Promise<Album> {
  const directory = alice.owner.addDirectory("Holiday");
  const file = alice.owner.addFile({ name: "beach.txt", content: "sand", directory });
  const bob = alice.owner.addContact({ name: "Bob B.", email: emailOf("bob") });
  const sharing = await alice.owner.share({
    description: "Holiday",
    rules: [{ title: "Holiday", values: [directory] }],
    recipients: [bob],
    ...more,
  });
  await alice.settled();
  const link = alice.mails().findLast(({ recipient }) => recipient === emailOf("bob"))?.link ?? "";
  return { sharing, directory, file, link };
}

/** The same, and Bob has accepted; everything that follows is done. */
export async function sharedAlbum(cast: Cast, more: Parameters<typeof shareAlbum>[1] = {}): Promise<Album> {
  const album = await shareAlbum(cast, more);
  await cast.bob.owner.accept(await cast.bob.owner.open(album.link));
  await settled(cast);
  return album;
}

/** Nothing is under way at any of the three: work at one may lead to work at another. */
export async function settled({ alice, bob, carol }: Cast): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    await Promise.all([alice.settled(), bob.settled(), carol.settled()]);
  }
}

/** What one side of a sharing has for the other: the owner for the first member, a recipient for the owner. */
export function credentialsOf(cozy: CozyV3, id: string): Credentials {
  const [first] = cozy.sharing(id)?.credentials ?? [];
  if (first === undefined) throw new Error("There are no credentials for this sharing.");
  return first;
}

/** What is in credentials once the other side answered. */
export function exchanged({ client, access_token, ...rest }: Credentials) {
  if (client === null || access_token === null) throw new Error("The credentials are empty.");
  return { ...rest, client, access_token };
}

/** An access token that a Cozy issued for a sharing. */
export function tokenOf(cozy: CozyV3, sharing: string): string {
  return cozy.tokens().find(({ scope }) => scope.endsWith(`:${sharing}`))?.token ?? "";
}

const problems = z.object({
  errors: z.array(z.object({ status: z.string(), detail: z.string(), source: z.unknown().optional() })),
});

/** The one error of a JSON:API answer. */
export function problemIn({ text }: { readonly text: string }): z.output<typeof problems>["errors"][number] {
  const [first] = problems.parse(JSON.parse(text)).errors;
  if (first === undefined) throw new Error("The answer has no error.");
  return first;
}

export const form = "application/x-www-form-urlencoded";
