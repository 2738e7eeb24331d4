import type { HttpLimits } from "../../../src/http/http-limits.ts";
import type { CozyOptions } from "../../world/cozy-v1a/stack/stack.ts";
import { openStage, type Stage } from "../../world/cozy-v1a/stack/stage.ts";
import { type CozyV3, startCozyV3 } from "../../world/cozy-v3/cozy.ts";
import { startUsher, type Usher } from "../usher.ts";

export const filesType = "io.cozy.files";
export const folderId = "5ac1db62e49b4f4aa0d4c3d9f12e7a30";
export const fileId = "c07d1e4bb5a84ca29b64a1d47e2f9b18";
const scope = `${filesType}:ALL:${folderId},${fileId} io.cozy.contacts:ALL`;

/** Alice shares a folder with a file in it from Usher; Bob and Carol have Cozys of today. */
export interface OwnerWorld extends AsyncDisposable {
  readonly alice: Usher;
  readonly bob: CozyV3;
  readonly carol: CozyV3;
  /** Alice's application, which may do everything with the folder. */
  readonly app: Awaited<ReturnType<Usher["app"]>>;
  /** All steps on all sides are done. */
  settled(): Promise<void>;
}

export async function openOwnerWorld(httpLimits: Partial<HttpLimits> = {}): Promise<OwnerWorld> {
  await using stack = new AsyncDisposableStack();
  const stage = stack.use(await openStage());
  const bob = stack.use(await stage.start(startNeighbour, "bob"));
  const carol = stack.use(await stage.start(startNeighbour, "carol"));
  const { alice, app } = await startOwner(stage, httpLimits);
  stack.use(alice);
  const opened = stack.move();
  return {
    alice,
    bob,
    carol,
    app,
    settled: async () => {
      for (let round = 0; round < 3; round += 1) {
        await alice.work();
        await Promise.all([bob.settled(), carol.settled()]);
      }
    },
    [Symbol.asyncDispose]: async () => opened.disposeAsync(),
  };
}

/** Alice's Usher, with the folder and its file. */
export async function startOwner(
  stage: Stage,
  httpLimits: Partial<HttpLimits> = {},
): Promise<Pick<OwnerWorld, "alice" | "app">> {
  const alice = await stage.start(async (options) => startUsher(options, httpLimits), "alice");
  const app = await alice.app(scope);
  const folder = { type: "directory", name: "Holiday", dir_id: "io.cozy.files.root-dir" };
  await app("PUT", `/data/${filesType}/${folderId}`, folder);
  const file = { type: "file", name: "beach.txt", mime: "text/plain", dir_id: folderId };
  await app("PUT", `/data/${filesType}/${fileId}`, file);
  await putFile({ app }, "sand");
  return { alice, app };
}

/** The contents of all files that came to an account of Usher. */
export async function textsOf({ site }: Usher): Promise<readonly string[]> {
  const rows = await site.store.db
    .selectFrom("cozy_document")
    .select("content")
    .where("content", "is not", null)
    .where("is_deleted", "=", 0)
    .execute();
  return rows.map(({ content }) => content?.toString() ?? "");
}

/** An emulated Cozy of today at a place of the stage. */
async function startNeighbour({ tls, hostname, publicName = "", ownerMail, resolve }: CozyOptions) {
  return startCozyV3({
    tls,
    hostname,
    owner: { publicName, email: ownerMail },
    resolve: (host) => {
      const found = resolve(host);
      return found === null || found.ca === null ? null : { port: found.port, ca: found.ca };
    },
  });
}

/** Puts that text into the file, as Alice's application does. */
export async function putFile({ app }: Pick<OwnerWorld, "app">, text: string): Promise<void> {
  const put = await app("PUT", `/data/${filesType}/${fileId}/content`, Buffer.from(text));
  if (put.status !== 200) throw new Error(`${put.status}: ${put.text}`);
}

export interface Invited {
  readonly email?: string;
  readonly instance?: string;
}

export const bobsMail = "bob@mail.example";
export const carolsMail = "carol@mail.example";

let strangers = 0;

/** The address of somebody whose Cozy nobody knows yet. */
export function strangersMail(): string {
  strangers += 1;
  return `stranger${strangers}@mail.example`;
}

/** A sharing with one stranger, and the link that he is mailed. */
export async function shareWithStranger(
  world: OwnerWorld,
  more: Parameters<typeof share>[2] = {},
): Promise<{ readonly shared: SharedFolder; readonly link: string; readonly email: string }> {
  const email = strangersMail();
  const shared = await share(world, [{ email }], more);
  return { shared, link: await world.alice.linkOf(email), email };
}

export interface SharedFolder {
  readonly id: string;
}

type Members = readonly Readonly<Record<string, unknown>>[];

/** Alice shares the folder; everything that follows at once is done. */
export async function share(
  world: OwnerWorld,
  recipients: readonly Invited[],
  more: { readonly attributes?: Readonly<Record<string, unknown>> } = {},
): Promise<SharedFolder> {
  const id = await shareFolder(world.app, recipients, more.attributes ?? {});
  await world.settled();
  return { id };
}

/** Creates the sharing; its id. */
export async function shareFolder(
  app: OwnerWorld["app"],
  recipients: readonly Invited[],
  more: Readonly<Record<string, unknown>>,
): Promise<string> {
  const verbs = { add: "sync", update: "sync", remove: "sync" };
  const rules = [{ title: "Holiday", doctype: filesType, values: [folderId], ...verbs }];
  const created = await app("POST", "/sharings/", {
    data: {
      type: "io.cozy.sharings",
      attributes: { description: "Holiday", rules, ...more },
      relationships: { recipients: { data: recipients.map(named) } },
    },
  });
  if (created.status !== 201) throw new Error(`${created.status}: ${created.text}`);
  const body: { readonly data: { readonly id: string } } = JSON.parse(created.text);
  return body.data.id;
}

function named(invited: Invited): object {
  return { type: "io.cozy.contacts", ...invited };
}

/** The members as Alice's application is shown them, the owner first. */
export async function membersOf({ app }: OwnerWorld, { id }: SharedFolder): Promise<Members> {
  const { text } = await app("GET", `/sharings/${id}`);
  const body: { readonly data: { readonly attributes: { readonly members: Members } } } = JSON.parse(text);
  return body.data.attributes.members;
}

export async function statuses(world: OwnerWorld, shared: SharedFolder): Promise<readonly unknown[]> {
  return (await membersOf(world, shared)).map(({ status }) => status);
}

/** Bob opens his link, names his Cozy and accepts; everything that follows is done. */
export async function accept(world: OwnerWorld, cozy: CozyV3, link: string): Promise<void> {
  await cozy.owner.accept(await cozy.owner.open(link));
  await world.settled();
}
