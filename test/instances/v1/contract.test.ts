import { noWay } from "../../../src/protocols/no-way.ts";
import { createCozyV1 } from "../../../src/protocols/cozy-v1/cozy-v1.ts";
import type { FollowWay, Share } from "../../../src/protocols/protocol.ts";
import { readFollowingAccount } from "../../../src/receiving/account.ts";
import { writeDocument } from "../../../src/store/cozy-documents.ts";
import { cozySharingByShareId } from "../../../src/store/cozy-sharings.ts";
import { followWayContract, type OpenedWay } from "../../contract/origin.contract.ts";
import { type CozyV1a, startCozyV1a } from "../../world/cozy-v1a/cozy.ts";
import { doctype, idsIn, lastLink, permissions } from "../../world/cozy-v1a/pair.ts";
import { openStage } from "../../world/cozy-v1a/stack/stage.ts";
import { startUsher, type Usher } from "../usher.ts";
import { bobsMail } from "./sharer-world.ts";

const { capabilities } = createCozyV1(noWay);
const bytes = Buffer.from("dunes and tide, ".repeat(100));
/** An invitation that was taken back is not known any more: that is an answer, not a breach. */
const isBreach = (line: string): boolean => !/: 404 (?:Recipient|Sharing) does not exist/.test(line);

followWayContract("Cozy of 2017, by Usher as the recipient's Cozy", async (): Promise<OpenedWay> => {
  const opened = new AsyncDisposableStack();
  const stage = opened.use(await openStage());
  const alice = opened.use(await stage.start(startCozyV1a, "alice"));
  const bob = opened.use(await stage.start(startUsher, "bob"));
  await alice.owner.write(doctype, "t1", { text: "first" });
  const contact = alice.owner.addContact({ mail: bobsMail, cozy: bob.origin });
  const invite = async (): Promise<Invitation> => shareWith(alice, contact);
  let invited = await invite();
  const first = invited.share;
  let unrecorded = 0;
  return {
    way: {
      ...wayOf(bob),
      follow: async (share, who, ask) => {
        const reply = await wayOf(bob).follow(share, who, ask);
        const before = alice.requests().length;
        if (reply.kind === "followed") await receive(bob, invited.sharingId);
        unrecorded += alice.requests().length - before;
        return reply;
      },
    },
    share: first,
    follower: await followerOf(bob),
    foreignShare: { ...first, link: first.link.replace("bob.cozy.example", "carol.cozy.example") },
    capabilities,
    shared: { folder: "Für später?", file: "Für später?/Ebbe & Flut 100%.txt", bytes, isKeptHere: true },
    world: {
      revoke: async () => void (await alice.owner.revokeRecipient(invited.sharingId, contact)),
      inviteAgain: async () => {
        invited = await invite();
        return invited.share;
      },
      down: async () => alice.goDown(),
      up: async () => alice.comeUp(),
      slow: () => alice.misbehave({ kind: "slow", ms: 60_000 }),
      lie: () => alice.misbehave({ kind: "nonsense" }),
      overload: (seconds) => alice.misbehave({ kind: "status", status: 503, retryAfter: String(seconds) }),
      forbid: () => alice.misbehave({ kind: "status", status: 403, retryAfter: null }),
      loseAnswer: (nth) => alice.misbehave({ kind: "lost-answer" }, "all", 1, nth - 1),
      well: () => alice.behave(),
      logins: () => alice.requests().filter(({ place }) => place === "answer").length,
      openSessions: () => 0,
      requests: () => alice.requests().length - unrecorded,
      refusals: () => alice.refusals().filter(isBreach),
      subscriptions: () =>
        alice.sharings().flatMap(({ recipients }) => recipients.filter(({ status }) => status === "accepted"))
          .length,
      secrets: () => alice.secrets(),
    },
    [Symbol.asyncDispose]: async () => opened.disposeAsync(),
  };
});

interface Invitation {
  readonly sharingId: string;
  readonly share: Share;
}

async function shareWith(alice: CozyV1a, contact: string): Promise<Invitation> {
  const created = await alice.owner.share({ type: "master-master", permissions, contacts: [contact] });
  const folder = { module: "files", folder: "t1", item: null } as const;
  const link = {
    notificationId: "n1",
    title: null,
    sharerName: "Alice",
    origin: alice.origin,
    variant: "request",
    link: lastLink(alice),
    password: null,
  };
  return { sharingId: idsIn(created.text).sharingId, share: { ...link, targets: [folder] } };
}

function wayOf({ origins }: Usher): FollowWay {
  const protocol = origins.parts.protocols.find(({ name }) => name === "cozy-v1");
  if (protocol === undefined) throw new Error("There is no such protocol.");
  return protocol.way({ homes: [] }, "").way;
}

async function followerOf({ site, accountId }: Usher) {
  const account = await readFollowingAccount(site.store.db, accountId, site.sealer);
  if (account === undefined) throw new Error("There is no such account.");
  return account.who;
}

/** What the sharer sends after an acceptance: a code for his Cozy, and, as if a file and its folder had come, those. */
async function receive({ site, origins, accountId }: Usher, sharingId: string): Promise<void> {
  await site.queue.drain(origins.workers, { kinds: ["tell-member"] }, AbortSignal.timeout(60_000));
  const { db } = site.store;
  const sharing = await cozySharingByShareId(db, accountId, "v1a", sharingId);
  const came = { isDeleted: false, receivedThrough: sharing?.id ?? null, revision: null };
  const key = { accountId, doctype: "io.cozy.files" };
  const folder = { type: "directory", name: "Für später?" };
  await writeDocument(db, { ...key, id: "d1" }, { ...came, body: folder, content: null });
  const file = { type: "file", name: "Ebbe & Flut 100%.txt", dir_id: "d1" };
  await writeDocument(db, { ...key, id: "f1" }, { ...came, body: file, content: bytes });
}
