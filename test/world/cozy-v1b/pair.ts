import { linkIn } from "../cozy-v1a/stack/letters.ts";
import type { Stage } from "../cozy-v1a/stack/stage.ts";
import { isObject, readObject, textAt } from "../cozy-v1a/stack/wire.ts";
import { type CozyV1b, startCozyV1b } from "./cozy.ts";
import type { SharingType } from "./sharing.ts";

/** Alice, with one document to share, and Bob. */
export interface Pair extends AsyncDisposable {
  readonly alice: CozyV1b;
  readonly bob: CozyV1b;
}

export const doctype = "io.cozy.tests";
export const permissions = { doc: { type: doctype, verbs: ["ALL"], values: ["t1"] } };
export const scope = `${doctype}:ALL:t1`;

export async function openPair(stage: Stage): Promise<Pair> {
  await using stack = new AsyncDisposableStack();
  const alice = stack.use(await stage.start(startCozyV1b, "alice"));
  const bob = stack.use(await stage.start(startCozyV1b, "bob"));
  await alice.owner.write(doctype, "t1", { text: "first" });
  const owned = stack.move();
  return { alice, bob, [Symbol.asyncDispose]: async () => owned.disposeAsync() };
}

/** Alice shares with Bob, whose Cozy she knows, and mails him. */
export async function shareWithBob({ alice, bob }: Pair, type: SharingType) {
  const contactId = alice.owner.addContact({ name: "Bob", mail: "bob@mail.example", cozy: bob.origin });
  const created = await alice.owner.share({ type, permissions, contacts: [contactId] });
  const id = idIn(created.text);
  const code = alice.sharecode(id, contactId);
  if (code === null) throw new Error("Bob has no sharecode.");
  return { id, contactId, code, link: lastLink(alice) };
}

/** As before, and Bob accepts. */
export async function accepted(pair: Pair, type: SharingType) {
  const shared = await shareWithBob(pair, type);
  await pair.bob.owner.accept(shared.link);
  await pair.alice.settled();
  return shared;
}

export function idIn(text: string): string {
  const found = readObject(text)?.["data"];
  if (!isObject(found)) throw new Error(`This is no sharing: ${text}`);
  return textAt(found, "id");
}

export function lastLink(cozy: CozyV1b): string {
  const letter = cozy.mails().at(-1);
  if (letter === undefined) throw new Error("No mail went out.");
  return linkIn(letter);
}

/** The sharing of that id as one side has it. */
export function sharingAt(cozy: CozyV1b, id: string) {
  const found = cozy.sharings().find((each) => each.id === id);
  if (found === undefined) throw new Error(`${cozy.hostname} has no such sharing.`);
  return found;
}
