import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { addressOf } from "../world/world.ts";
import type { CozyScene, CozySite } from "../e2e/cozy-scene.ts";
import { bodyOf, browsed, gotten, held, subscriptionIn, whenAt } from "../e2e/followed.ts";
import { expect, indented, say, show } from "./telling.ts";

const doctype = "io.cozy.notes";
const note = "harbour-minutes";
const title = "Harbour minutes";

/** An invitation that is answered: two sites of Usher share a note as Cozys do. Gives the recipient's state at the sharer. */
export async function answered({ alice, bob }: CozyScene): Promise<string> {
  say(
    "Two more sites of Usher, each with a Cozy host: Alice shares a note, and Bob is mailed an invitation.",
  );
  const app = await alice.app("alice", `${doctype}:ALL`);
  bodyOf(await app("PUT", `/data/${doctype}/${note}`, { title, text: "The crane is repaired." }));
  const { configFile, directory } = alice.world;
  const permissions = join(directory, "permissions.json");
  const rule = { type: doctype, values: [note], verbs: ["ALL"] };
  await writeFile(permissions, JSON.stringify({ note: rule }));
  await show(configFile, "contact", "add", "alice", addressOf("bob"), "--cozy", bob.cozyOf("bob"));
  const what = ["--type", "master-slave", "--permissions", permissions, "--description", title];
  const create = ["sharing", "cozy", "create", "--account", "alice", ...what];
  await show(configFile, ...create, "--recipient", addressOf("bob"));

  say("Bob's Usher finds the mail and holds it. Bob says yes, and his Cozy answers Alice's.");
  const notification = await held(bob, title);
  await show(bob.world.configFile, "notification", "accept", notification);
  const subscription = await subscriptionIn(bob, notification, "SUBSCRIBED");
  const state = async () => {
    const rows = await alice.store.db.selectFrom("recipient").select("state").execute();
    return rows[0]?.state;
  };
  await whenAt(alice, "Alice knows that Bob follows", state, "accepted");
  await whenAt(bob, "the note came", async () => arrived(bob), true);
  await show(configFile, "sharing", "list");
  await show(bob.world.configFile, "subscription", "browse", subscription);
  const [entry] = await browsed(bob, subscription);
  const text = await gotten(bob, subscription, entry?.name ?? "");
  console.log(indented(text.trimEnd()));
  expect(text.includes("The crane is repaired."), "Bob has the note as Alice wrote it");
  return (await state()) ?? "";
}

async function arrived({ store }: CozySite): Promise<boolean> {
  const found = store.db.selectFrom("cozy_document").select("document_id").where("document_id", "=", note);
  return (await found.execute()).length > 0;
}
