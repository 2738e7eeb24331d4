import type { CozyV1a } from "../../world/cozy-v1a/cozy.ts";
import { startCozyV1a } from "../../world/cozy-v1a/cozy.ts";
import { openStage } from "../../world/cozy-v1a/stack/stage.ts";
import { isObject, readObject } from "../../world/cozy-v1a/stack/wire.ts";
import { startUsher, type Usher } from "../usher.ts";

export const doctype = "io.cozy.tests";
export const scope = `${doctype}:ALL:t1`;
export const permissions = { doc: { type: doctype, verbs: ["ALL"], values: ["t1"] } };
export type V1aType = "one-shot" | "master-slave" | "master-master";

/** Alice shares from Usher; Bob and Carol have Cozys of the time. */
export interface SharerWorld extends AsyncDisposable {
  readonly alice: Usher;
  readonly bob: CozyV1a;
  readonly carol: CozyV1a;
  /** Alice's application, which may do everything with the document t1. */
  readonly app: Awaited<ReturnType<Usher["app"]>>;
  /** Ids of Alice's contacts, by address. */
  readonly contacts: Map<string, string>;
}

export async function openSharerWorld(): Promise<SharerWorld> {
  await using stack = new AsyncDisposableStack();
  const stage = stack.use(await openStage());
  const bob = stack.use(await stage.start(startCozyV1a, "bob"));
  const carol = stack.use(await stage.start(startCozyV1a, "carol"));
  const alice = stack.use(await stage.start(startUsher, "alice"));
  const app = await alice.app(`${scope} io.cozy.contacts:ALL`);
  await app("PUT", `/data/${doctype}/t1`, { text: "first" });
  const opened = stack.move();
  return {
    alice,
    bob,
    carol,
    app,
    contacts: new Map(),
    [Symbol.asyncDispose]: async () => opened.disposeAsync(),
  };
}

/** Whom Alice shares with, as her application names them. */
export interface Person {
  readonly mail: string;
  readonly cozy?: string;
}

export const bobsMail = "bob@mail.example";
export const carolsMail = "carol@mail.example";

/** Alice shares t1 with them; her steps at their Cozys are done. */
export async function share(world: SharerWorld, type: string, people: readonly Person[]) {
  const { app, alice } = world;
  const contacts: string[] = [];
  for (const person of people) contacts.push(await contactOf(world, person));
  const recipients = contacts.map((id) => ({ recipient: { id, type: "io.cozy.contacts" } }));
  const created = await app("POST", "/sharings/", { sharing_type: type, permissions, recipients });
  if (created.status !== 200 && created.status !== 201) throw new Error(`${created.status}: ${created.text}`);
  await alice.work();
  return { ...idsIn(created.text), contacts };
}

async function contactOf({ app, contacts }: SharerWorld, { mail, cozy }: Person): Promise<string> {
  const known = contacts.get(mail);
  if (known !== undefined) return known;
  const body = {
    email: [{ address: mail }],
    ...(cozy === undefined ? {} : { cozy: [{ url: cozy }] }),
  };
  const made = await app("POST", "/data/io.cozy.contacts/", body);
  const id = readObject(made.text)?.["id"];
  if (typeof id !== "string") throw new Error(`${made.status}: ${made.text}`);
  contacts.set(mail, id);
  return id;
}

export function idsIn(text: string): { readonly id: string; readonly sharingId: string } {
  const found = readObject(text)?.["data"];
  if (!isObject(found) || !isObject(found["attributes"])) throw new Error(`This is no sharing: ${text}`);
  return { id: String(found["id"]), sharingId: String(found["attributes"]["sharing_id"]) };
}

/** The states of the recipients, in their order, as Alice's application is shown them. */
export async function states(
  { app }: Pick<SharerWorld, "app">,
  sharingId: string,
): Promise<readonly unknown[]> {
  const { text } = await app("GET", `/sharings/${sharingId}`);
  const found = readObject(text)?.["data"];
  const relationships = isObject(found) ? found["relationships"] : null;
  const recipients = isObject(relationships) ? relationships["recipients"] : null;
  const list = isObject(recipients) ? recipients["data"] : null;
  if (!Array.isArray(list)) throw new Error(`This is no sharing: ${text}`);
  return list.map((each: unknown) => (isObject(each) ? each["status"] : null));
}
