import { afterAll, beforeAll, expect } from "vitest";
import { noWay } from "../../../src/protocols/no-way.ts";
import { createCozy } from "../../../src/protocols/cozy/cozy.ts";
import { documentsReceived } from "../../../src/store/cozy-documents.ts";
import { cozySharingByDocument } from "../../../src/store/cozy-sharings.ts";
import { followWayContract, type OpenedWay } from "../../contract/origin.contract.ts";
import type { Certificates } from "../../world/tls.ts";
import {
  type Album,
  openCertificates,
  openRecipientWorld,
  type RecipientWorld,
  shareAlbum,
  shareOf,
} from "./recipient-world.ts";

let certificates: (Certificates & AsyncDisposable) | undefined;
beforeAll(async () => {
  certificates = await openCertificates();
});
afterAll(async () => certificates?.[Symbol.asyncDispose]());

const { capabilities } = createCozy(noWay);
const unknownInvitation = "POST /sharings/:id/discovery: 404 The member was not found";
const bytes = Buffer.from("sand and sea, ".repeat(100));

followWayContract("Cozy of today, by Usher as the recipient's Cozy", async (): Promise<OpenedWay> => {
  if (certificates === undefined) throw new Error("The certificates are not made yet.");
  const opened = await openRecipientWorld(certificates);
  const { alice, way, bob } = opened;
  const album = await shareAlbum(alice);
  const directory = alice.owner.addDirectory("Für später?", album.directory);
  alice.owner.addFile({ name: "Ebbe & Flut 100%.txt", content: bytes, directory });
  const foreign = await shareAlbum(alice, { email: "dora@mail.example" });
  const folder = { module: "files", folder: rootOf(opened, album), item: null } as const;
  return {
    way: {
      ...way,
      follow: async (share, who, ask) => {
        const reply = await way.follow(share, who, ask);
        if (reply.kind === "followed") await hasArrived(opened, album);
        return reply;
      },
    },
    share: { ...album.share, targets: [folder] },
    follower: bob,
    foreignShare: foreign.share,
    capabilities,
    shared: { folder: "Für später?", file: "Für später?/Ebbe & Flut 100%.txt", bytes, isKeptHere: true },
    world: {
      revoke: async () => alice.owner.revoke(album.id),
      inviteAgain: async () => {
        await alice.owner.invite(album.id, [album.contact]);
        await expect.poll(() => opened.announced.length).toBe(1);
        return shareOf(alice.origin, opened.announced[0]?.link ?? "");
      },
      down: async () => alice.goDown(),
      up: async () => alice.comeUp(),
      slow: () => alice.misbehave({ kind: "slow", ms: 60_000 }),
      lie: () => alice.misbehave({ kind: "nonsense" }),
      overload: (seconds) => alice.misbehave({ kind: "status", status: 503, retryAfter: String(seconds) }),
      forbid: () => alice.misbehave({ kind: "status", status: 403, retryAfter: null }),
      loseAnswer: (nth) => alice.misbehave({ kind: "lost-answer" }, "all", 1, nth - 1),
      well: () => alice.behave(),
      logins: () =>
        alice.requests().filter(({ place, method }) => place === "answer" && method === "POST").length,
      openSessions: () => 0,
      requests: () => alice.requests().length,
      // An invitation that was taken back is not known any more: that is an answer, not a breach.
      refusals: () => alice.refusals().filter((line) => line !== unknownInvitation),
      subscriptions: () => alice.statuses(album.id).filter((status) => status === "ready").length,
      secrets: () => alice.tokens().map(({ token }) => token),
    },
    [Symbol.asyncDispose]: async () => opened[Symbol.asyncDispose](),
  };
});

/** The id that the shared directory has at Bob's: the sharer changes it with his key. */
function rootOf({ alice }: RecipientWorld, { id, directory }: Album): string {
  const key = alice.sharing(id)?.credentials[0]?.xor_key ?? [];
  return Array.from(directory)
    .map((digit, at) => (Number.parseInt(digit, 16) ^ (key[at % key.length] ?? 0)).toString(16))
    .join("");
}

async function hasArrived({ store }: RecipientWorld, { id }: Album): Promise<void> {
  const read = async () => {
    const sharing = await cozySharingByDocument(store.db, "a-bob", "v3", id);
    const rows = sharing === undefined ? [] : await documentsReceived(store.db, sharing.id);
    return rows.some(({ content }) => content !== null && content.equals(bytes));
  };
  await expect.poll(read, { interval: 20 }).toBe(true);
}
