import type { SharingType as V1bType } from "../../world/cozy-v1b/sharing.ts";
import { type CozyV1a, startCozyV1a } from "../../world/cozy-v1a/cozy.ts";
import { idsIn, lastLink } from "../../world/cozy-v1a/pair.ts";
import type { SharingType } from "../../world/cozy-v1a/sharing.ts";
import { openStage, type Stage } from "../../world/cozy-v1a/stack/stage.ts";
import { type CozyV1b, startCozyV1b } from "../../world/cozy-v1b/cozy.ts";
import { idIn, lastLink as lastCodeLink } from "../../world/cozy-v1b/pair.ts";
import { startUsher, type Usher } from "../usher.ts";
import { bobsMail, doctype, permissions, scope } from "./sharer-world.ts";

/** Alice and Carol have Cozys of 2017, Alice's before the rework; Bob has an account at Usher. */
export interface RecipientWorld extends AsyncDisposable {
  readonly stage: Stage;
  readonly alice: CozyV1a;
  readonly carol: CozyV1b;
  readonly bob: Usher;
  /** Bob's application, which may do everything with the document t1. */
  readonly app: Awaited<ReturnType<Usher["app"]>>;
}

export async function openRecipientWorld(): Promise<RecipientWorld> {
  await using stack = new AsyncDisposableStack();
  const stage = stack.use(await openStage());
  const alice = stack.use(await stage.start(startCozyV1a, "alice"));
  const carol = stack.use(await stage.start(startCozyV1b, "carol"));
  const bob = stack.use(await stage.start(startUsher, "bob"));
  const app = await bob.app(scope);
  const opened = stack.move();
  for (const cozy of [alice, carol]) await cozy.owner.write(doctype, "t1", { text: "first" });
  return { stage, alice, carol, bob, app, [Symbol.asyncDispose]: async () => opened.disposeAsync() };
}

/** What Alice shares, and with whom; a Cozy that she does not know is asked for. */
export interface Sharing {
  readonly type?: SharingType;
  readonly permissions?: Readonly<Record<string, object>>;
  readonly mail?: string;
  readonly cozy?: string | null;
}

/** Alice shares with Bob; gives the ids and the link of his mail. */
export async function share({ alice, bob }: RecipientWorld, sharing: Sharing = {}) {
  const {
    type = "master-slave",
    mail = bobsMail,
    cozy = bob.origin,
    permissions: rules = permissions,
  } = sharing;
  const contact = alice.owner.addContact({ mail, ...(cozy === null ? {} : { cozy }) });
  const created = await alice.owner.share({ type, permissions: { ...rules }, contacts: [contact] });
  return { ...idsIn(created.text), contact, link: lastLink(alice) };
}

/** Carol shares with Bob, by sharecode. */
export async function shareByCode({ carol, bob }: RecipientWorld, type: V1bType) {
  const contact = carol.owner.addContact({ name: "Bob", mail: bobsMail, cozy: bob.origin });
  const created = await carol.owner.share({ type, permissions, contacts: [contact] });
  return { id: idIn(created.text), contact, link: lastCodeLink(carol) };
}

/** Bob's mail with this link came, and he answers it; what follows from it is done. */
export async function answer(world: RecipientWorld, link: string, what: "accept" | "refuse" = "accept") {
  const id = await world.bob.receive(link);
  const answered = await world.bob.api("POST", `/notifications/${id}/${what}`, {});
  if (answered.status > 202) throw new Error(`${answered.status}: ${answered.text}`);
  await settled(world);
  return id;
}

export async function settled({ alice, carol, bob }: RecipientWorld): Promise<void> {
  await bob.work();
  await alice.settled();
  await carol.settled();
  await bob.work();
}

/** What became of a notification. */
export async function stateOf({ bob }: RecipientWorld, id: string) {
  return bob.site.store.db
    .selectFrom("notification")
    .select(["state", "reason", "detail"])
    .where("id", "=", id)
    .executeTakeFirstOrThrow();
}

/** The states of Bob's subscriptions, oldest first. */
export async function subscriptions({ bob }: RecipientWorld) {
  const rows = await bob.site.store.db.selectFrom("subscription").select(["id", "state"]).execute();
  return rows;
}
