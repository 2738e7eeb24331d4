import { type CozyV1a, startCozyV1a } from "./cozy.ts";
import type { SharingType } from "./sharing.ts";
import { type Letter, linkIn } from "./stack/letters.ts";
import type { Stage } from "./stack/stage.ts";
import { isObject, readObject, textAt } from "./stack/wire.ts";

/** Alice, with one document to share, and Bob. */
export interface Pair extends AsyncDisposable {
  readonly alice: CozyV1a;
  readonly bob: CozyV1a;
}

export const doctype = "io.cozy.tests";
export const permissions = { doc: { type: doctype, verbs: ["ALL"], values: ["t1"] } };
export const scope = `${doctype}:ALL:t1`;

export async function openPair(stage: Stage): Promise<Pair> {
  await using stack = new AsyncDisposableStack();
  const alice = stack.use(await stage.start(startCozyV1a, "alice"));
  const bob = stack.use(await stage.start(startCozyV1a, "bob"));
  await alice.owner.write(doctype, "t1", { text: "first" });
  const owned = stack.move();
  return { alice, bob, [Symbol.asyncDispose]: async () => owned.disposeAsync() };
}

/** Alice shares with Bob, whose Cozy she knows, and mails him. */
export async function shareWithBob({ alice, bob }: Pair, type: SharingType) {
  const contactId = alice.owner.addContact({ mail: "bob@mail.example", cozy: bob.origin });
  const created = await alice.owner.share({ type, permissions, contacts: [contactId] });
  const { id, sharingId } = idsIn(created.text);
  return { id, sharingId, contactId, link: lastLink(alice) };
}

/** As before, and Bob accepts. */
export async function accepted(pair: Pair, type: SharingType) {
  const shared = await shareWithBob(pair, type);
  await pair.bob.owner.accept(shared.link);
  await pair.alice.settled();
  return shared;
}

export function idsIn(text: string): { readonly id: string; readonly sharingId: string } {
  const found = readObject(text)?.["data"];
  if (!isObject(found) || !isObject(found["attributes"])) throw new Error(`This is no sharing: ${text}`);
  return { id: textAt(found, "id"), sharingId: textAt(found["attributes"], "sharing_id") };
}

export function lastLink(cozy: { mails(): readonly Letter[] }): string {
  const letter = cozy.mails().at(-1);
  if (letter === undefined) throw new Error("No mail went out.");
  return linkIn(letter);
}

/** The sharing of that id as one side has it. */
export function sharingAt(cozy: CozyV1a, sharingId: string) {
  const found = cozy.sharings().find((each) => each.sharingId === sharingId);
  if (found === undefined) throw new Error(`${cozy.hostname} has no such sharing.`);
  return found;
}
