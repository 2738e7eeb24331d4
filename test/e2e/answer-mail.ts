import { addressOf } from "../world/world.ts";
import { type AnswerScene, openAnswerScene } from "./answer-scene.ts";
import { deliverAndFind, until } from "./scene.ts";
import type { Shared } from "../world/world.ts";

const bob = addressOf("bob");
export type Held = Shared & { readonly id: string };

/** What bob sees of his share mails in a mail program, and does with them there. */
export interface BobsMail {
  /** A share whose mail lies in bob's INBOX and waits for his answer. */
  readonly held: (title: string, share?: { readonly password?: string }) => Promise<Held>;
  /** Moves a share mail. */
  readonly put: (title: string, to: string, from?: string) => Promise<void>;
  /** Flags and keywords of the share mails of a title in a folder. */
  readonly flagsIn: (folder: string, title: string) => Promise<readonly string[]>;
  /** Where each mail of a share lies. */
  readonly places: (title: string) => Promise<readonly string[]>;
  /** Waits until the one mail of a share lies there. */
  readonly liesIn: (title: string, folder: string) => Promise<void>;
  /** Waits until the mail shows that one keyword of Usher's. */
  readonly isMarked: (title: string, folder: string, keyword: string) => Promise<void>;
}

export const answerFolders = ["INBOX", "Shares/Accept", "Shares/Decline", "Shares/Done"];

/** A running daemon that takes answers given by moving mails. */
export async function openFolderScene(): Promise<AnswerScene> {
  const scene = await openAnswerScene({ mailbox: { pollEvery: "1s", answerFolder: "Shares" } });
  await scene.start();
  await until("the folders for answers stand", async () =>
    (await scene.world.dovecot.doveadm("mailbox", "list", "-u", bob)).includes("Shares/Done"),
  );
  return scene;
}

export function bobsMail(scene: AnswerScene): BobsMail {
  const { dovecot } = scene.world;
  const flagsIn: BobsMail["flagsIn"] = async (folder, title) => {
    const fetch = ["-f", "json", "fetch", "-u", bob, "flags"];
    const mails: readonly { readonly flags: string }[] = JSON.parse(
      await dovecot.doveadm(...fetch, ...mailOf(folder, title)),
    );
    return mails.map(({ flags }) => flags);
  };
  const places: BobsMail["places"] = async (title) => {
    const found = await Promise.all(
      answerFolders.map(async (folder) => (await flagsIn(folder, title)).map(() => folder)),
    );
    return found.flat();
  };
  return {
    flagsIn,
    places,
    held: async (title, share = {}) => {
      const shared = scene.world.share(bob, { title, files: ["quay.odt"], ...share });
      return { ...shared, id: (await deliverAndFind(scene, shared.mail, title)).id };
    },
    put: async (title, to, from = "INBOX") =>
      void (await dovecot.doveadm("move", "-u", bob, to, ...mailOf(from, title))),
    liesIn: async (title, folder) =>
      until(
        `the mail about "${title}" lies in ${folder}`,
        async () => (await places(title)).join() === folder,
        async () => [await places(title), scene.daemon.text().slice(-3000)],
      ),
    isMarked: async (title, folder, keyword) => {
      const ours = async () =>
        (await flagsIn(folder, title)).flatMap((flags) =>
          flags.split(" ").filter((flag) => /usher/i.test(flag)),
        );
      await until(
        `the mail about "${title}" is marked ${keyword}`,
        async () => (await ours()).join() === keyword,
        ours,
      );
    },
  };
}

/** The share mail alone, not the notices about it. */
function mailOf(folder: string, title: string): readonly string[] {
  return ["mailbox", folder, "from", "alice@origin.example", "subject", `"${title}"`];
}
