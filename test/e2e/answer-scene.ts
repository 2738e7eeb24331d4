import { simpleParser } from "mailparser";
import { ask, type AskOptions, publicHost, type Reply } from "../http/server/world.ts";
import { freePorts } from "../world/ports.ts";
import { addressOf } from "../world/world.ts";
import { makeJobsDue, openScene, type Scene, type SceneOptions, until } from "./scene.ts";

/** A scene whose daemon answers over HTTP, behind the proxy that `publicUrl` names. */
export interface AnswerScene extends Scene {
  /** Of 127.0.0.1; where it answers. */
  readonly httpPort: number;
  readonly ask: (method: string, path: string, options?: AskOptions) => Promise<Reply>;
  /** A token of the account, or of the administrator, with these scopes. */
  readonly addToken: (name: string, scopes: readonly string[], account?: string) => Promise<string>;
}

/** Asks at a port of its own; notices go out through a real mail server. The daemon is not started yet. */
export async function openAnswerScene(
  config: Readonly<Record<string, unknown>> = {},
  options: Pick<SceneOptions, "accounts"> = {},
): Promise<AnswerScene> {
  const [port = 0] = await freePorts(1);
  const server = { publicUrl: `https://${publicHost}`, listen: `127.0.0.1:${port}` };
  const scene = await openScene({
    postfix: true,
    ...options,
    config: { server, notifications: { notify: true }, mailbox: { pollEvery: "1s" }, ...config },
  });
  return Object.assign(scene, {
    httpPort: port,
    ask: async (method: string, path: string, asked?: AskOptions) => ask({ port }, method, path, asked),
    addToken: async (name: string, scopes: readonly string[], account?: string) => {
      const whose = account === undefined ? [] : ["--account", account];
      const add = ["token", "add", name, ...whose, "--scope", ...scopes];
      return (await scene.usherJson<{ readonly token: string }>(...add)).token;
    },
  });
}

export interface Notice {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly inReplyTo: string | null;
  readonly messageId: string;
}

/** The notices about a share that lie in the INBOX of an account, oldest first. */
export async function noticesAbout(
  { world }: Scene,
  title: string,
  name = "bob",
): Promise<readonly Notice[]> {
  const query = ["mailbox", "INBOX", "from", "usher@recipient.example"];
  const found = await world.dovecot.doveadm("-f", "json", "fetch", "-u", addressOf(name), "text", ...query);
  const mails: readonly { readonly text: string }[] = JSON.parse(found);
  const notices: Notice[] = [];
  for (const { text } of mails) {
    const mail = await simpleParser(text);
    const { subject = "", inReplyTo = null, messageId = "" } = mail;
    if (subject.includes(title)) {
      notices.push({ subject, inReplyTo, messageId, text: mail.text ?? "", html: String(mail.html) });
    }
  }
  return notices;
}

/** Waits until the account has so many notices about a share, and gives the last of them. */
export async function noticeArrives(
  scene: Scene,
  title: string,
  { count = 1, name = "bob" }: { readonly count?: number; readonly name?: string } = {},
): Promise<Notice> {
  let notices: readonly Notice[] = [];
  await until(
    `notice ${count} about "${title}" arrives`,
    async () => {
      notices = await noticesAbout(scene, title, name);
      return notices.length >= count;
    },
    () => [notices.map(({ subject }) => subject), scene.daemon.text().slice(-3000)],
  );
  const last = notices.at(-1);
  if (last === undefined || notices.length > count) {
    throw new Error(`There are ${notices.length} notices about "${title}".`);
  }
  return last;
}

/** The path of the answer page that a notice links to. */
export function pageIn({ text }: Notice): string {
  const path = new RegExp(`https://${publicHost}(/answer/[\\w-]{43})(?![\\w-])`).exec(text)?.[1];
  if (path === undefined) throw new Error("The notice links to no page.");
  return path;
}

/** Waits until no work is left. A notice whose sending a kill cut off is repeated at once instead of after its pause. */
export async function noWorkLeft(scene: Scene): Promise<void> {
  const { store, daemon } = scene;
  const jobs = async () =>
    store.db.selectFrom("job").select(["kind", "subject", "state", "last_error"]).execute();
  await until(
    "no work is left",
    async () => {
      await makeJobsDue(scene, "send-notice");
      return (await jobs()).length === 0;
    },
    async () => [await jobs(), daemon.text().slice(-2000)],
  );
}
