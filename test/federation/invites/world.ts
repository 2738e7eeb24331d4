import { listOcmContacts, type OcmContactRow } from "../../../src/store/ocm-contacts.ts";
import type { Answer } from "../../world/ocm/caller.ts";
import { openStage, type Stage } from "../../world/ocm/stage.ts";
import { startUsher, type Usher } from "../usher.ts";
import { startStranger, type Stranger } from "./stranger.ts";

/** What `usher sharing invite --print --json` prints of one invitation. */
export interface PrintedInvite {
  readonly id: string;
  readonly link: string;
  readonly code: string;
  readonly inviteString: string;
}

export interface Notification {
  readonly id: string;
  readonly state: string;
  readonly reason: string | null;
  readonly detail: string | null;
}

/** An Usher with Dora, a server that a test drives by hand, and a place for one more. */
export interface InviteWorld extends AsyncDisposable {
  readonly stage: Stage;
  readonly usher: Usher;
  readonly stranger: Stranger;
  /** Dora invites: one person by mail, or nobody in particular. */
  invite(
    address?: string,
  ): Promise<PrintedInvite & { readonly token: string; readonly sharingId: string | null }>;
  stateOf(inviteId: string): Promise<unknown>;
  /** Whom an account knows at a host. */
  contactsAt(host: string, account?: string): Promise<readonly OcmContactRow[]>;
  /** What the stranger posts when Ada accepts there. */
  acceptance(token: string, more?: object): Record<string, unknown>;
  /** Posts it. */
  accept(fields: object, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** Dora pastes an invitation of another server. */
  add(pasted: string): Promise<Notification>;
  /** She accepts it, and her Usher asks that server once. */
  follow(pasted: string): Promise<Notification>;
  show(notificationId: string): Promise<Notification>;
  /** As if the time of an invitation were over. */
  expire(inviteId: string): Promise<void>;
}

/** Who Dora is to other servers. */
export const dora = { userID: "dora", email: "dora@mail.example", name: "dora" };

/** `hosts` may stand on the stage besides. */
export async function openInviteWorld(...hosts: readonly string[]): Promise<InviteWorld> {
  await using stack = new AsyncDisposableStack();
  const stage = stack.use(
    await openStage(["usher.example", "second.example", "cloud.example", "other.example", ...hosts]),
  );
  const ocm = { deny: ["shut.example"], servers: [{ name: "Campus", host: "campus.example" }] };
  const usher = stack.use(
    await startUsher(stage, { hostname: "usher.example", accounts: ["dora", "emil"], ocm }),
  );
  const stranger = await stage.start(startStranger, "other.example", {});
  const { db } = usher.site.store;
  const add: InviteWorld["add"] = async (pasted) => usher.json("notification", "add", "dora", pasted);
  const show: InviteWorld["show"] = async (id) => usher.json("notification", "show", id);
  const all = stack.move();
  return {
    stage,
    usher,
    stranger,
    invite: async (address) => {
      const to = address === undefined ? [] : [address];
      const given = await usher.json<{
        readonly sharingId: string | null;
        readonly invites: readonly PrintedInvite[];
      }>("sharing", "invite", "dora", ...to, "--print");
      const [first] = given.invites;
      if (first === undefined) throw new Error("Nothing was given.");
      const token = first.code.slice(0, first.code.lastIndexOf("@"));
      return { ...first, token, sharingId: given.sharingId };
    },
    stateOf: async (id) => {
      const given = await usher.json<readonly { readonly id: string; readonly state: string }[]>(
        "sharing",
        "invites",
        "dora",
      );
      return given.find((each) => each.id === id)?.state;
    },
    contactsAt: async (host, account = "dora") => {
      const known = await listOcmContacts(db, await usher.accountId(account));
      return known.filter((contact) => contact.host === host);
    },
    acceptance: (token, more = {}) => ({
      recipientProvider: stranger.host,
      token,
      userID: "ada",
      email: "ada@mail.example",
      name: "Ada",
      ...more,
    }),
    accept: async (body, headers = {}) => usher.ask("POST", "/ocm/invite-accepted", { body, headers }),
    add,
    show,
    follow: async (pasted) => {
      const { id } = await add(pasted);
      await usher.usher("notification", "accept", id);
      await usher.work("follow");
      return show(id);
    },
    expire: async (id) => {
      const past = { expires_at: Date.now() - 1 };
      await db.updateTable("ocm_invite").set(past).where("id", "=", id).execute();
    },
    [Symbol.asyncDispose]: async () => all.disposeAsync(),
  };
}
