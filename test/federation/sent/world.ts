import { request } from "node:https";
import type { InvitedRecipient } from "../../../src/store/invited.ts";
import { openSentShare, type SentShareRow } from "../../../src/store/ocm-sent-shares.ts";
import { type Application, password, startApplication } from "../../world/application/application.ts";
import { login } from "../../world/application/files.ts";
import type { Answer } from "../../world/ocm/caller.ts";
import { openStage, type Stage } from "../../world/ocm/stage.ts";
import { basic } from "../../world/ocm/wire.ts";
import { startUsher, type Usher } from "../usher.ts";

/** An Usher whose account alice shares what an application holds, and clouds that the test starts on the stage. */
export interface SentWorld extends AsyncDisposable {
  readonly stage: Stage;
  readonly usher: Usher;
  readonly application: Application;
  /** OCM address of alice. */
  readonly alice: string;
  /** Shares by the API; fails the test where it is refused. */
  share(to: readonly string[], more?: Readonly<Record<string, unknown>>): Promise<string>;
  /** Does what is due at the recipients' servers. */
  tell(): Promise<void>;
  /** The same for what waits to be tried again. */
  tellAgain(): Promise<void>;
  recipients(sharingId: string): Promise<readonly InvitedRecipient[]>;
  recipient(sharingId: string): Promise<InvitedRecipient>;
  /** The rows, with the secrets that peers were given. */
  given(sharingId: string): Promise<readonly (SentShareRow & { readonly secret: string })[]>;
  /** Asks as a peer does, under the secret of a share. */
  dav(method: string, path: string, secret: string, more?: Asked): Promise<Answer>;
  /** Lines of the log with this name. */
  events(name: string): readonly Readonly<Record<string, unknown>>[];
  /** A share with dora at a cloud that needs not stand, as if it had taken it; its secret and its path. */
  taken(more?: Readonly<Record<string, unknown>>): Promise<Taken>;
}

export interface Taken {
  readonly id: string;
  readonly secret: string;
  readonly providerId: string;
}

export interface Asked {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

export async function openSentWorld(hostnames: readonly string[]): Promise<SentWorld> {
  await using stack = new AsyncDisposableStack();
  const stage = stack.use(await openStage(["usher.example", "files.example", ...hostnames]));
  const application = await stage.start(startApplication, "files.example", {});
  const usher = stack.use(
    await startUsher(stage, { hostname: "usher.example", accounts: ["alice", "carol"], hasMail: false }),
  );
  application.files.set("report.pdf", { bytes: Buffer.from("What the report says.") });
  application.files.set("Reports/", null);
  application.files.set("Reports/2026 & more/", null);
  application.files.set("Reports/2026 & more/plan ü#1.txt", { bytes: Buffer.from("The plan.") });
  application.files.set("Reports/sums.csv", { bytes: Buffer.from("1,2,3") });
  application.files.set("Secret/", null);
  application.files.set("Secret/diary.txt", { bytes: Buffer.from("Nobody's business.") });
  const opened = stack.move();
  const readRecipients = async (id: string): Promise<readonly InvitedRecipient[]> => {
    const shown = await usher.json<{ recipients: InvitedRecipient[] }>("sharing", "show", id);
    return shown.recipients;
  };
  const share: SentWorld["share"] = async (to, more = {}) => {
    const file = { title: "report.pdf", webdav: `${application.url}report.pdf`, login, secret: password };
    const answer = await usher.api("alice", "POST", "/sharings/federated", { ...file, to, ...more });
    if (answer.status !== 201) throw new Error(`${answer.status} ${answer.text}`);
    const { id }: { id: string } = JSON.parse(answer.text);
    return id;
  };
  const given: SentWorld["given"] = async (id) => {
    const { store, sealer } = usher.site;
    const query = store.db.selectFrom("ocm_sent_share").selectAll().where("sharing_id", "=", id);
    const rows = await query.orderBy("share_with").execute();
    return rows.map((row) => ({ ...row, secret: openSentShare(sealer, row, "secret_sealed") }));
  };
  return {
    stage,
    usher,
    application,
    alice: `alice@${usher.host}`,
    share,
    given,
    taken: async (more) => {
      const id = await share(["dora@cloud.example"], more);
      await usher.site.store.db
        .updateTable("ocm_sent_share")
        .set({ state: "sent" })
        .where("sharing_id", "=", id)
        .execute();
      const [row] = await given(id);
      if (row === undefined) throw new Error("Nothing was given.");
      return { id, secret: row.secret, providerId: row.provider_id };
    },
    tell: async () => usher.work("tell-peer"),
    tellAgain: async () => usher.workAgain("tell-peer"),
    recipients: readRecipients,
    recipient: async (id) => {
      const [first] = await readRecipients(id);
      if (first === undefined) throw new Error("Nobody is invited.");
      return first;
    },
    dav: async (method, path, secret, { headers = {}, body } = {}) =>
      stage.ask({
        method,
        url: `${usher.origin}${path}`,
        headers: { authorization: basic(secret, ""), ...headers },
        ...(body === undefined ? {} : { body }),
      }),
    events: (name) => usher.logged.map(readLine).filter((line) => line["event"] === name),
    [Symbol.asyncDispose]: async () => opened.disposeAsync(),
  };
}

function readLine(line: string): Readonly<Record<string, unknown>> {
  const read: Record<string, unknown> = JSON.parse(line);
  return read;
}

export const propfind =
  '<?xml version="1.0"?><d:propfind xmlns:d="DAV:" xmlns:o="http://open-cloud-mesh.org/ns"><d:prop><d:resourcetype/>' +
  "<d:getcontentlength/><o:share-permissions/></d:prop></d:propfind>";

/** A path as it stands, which the URL parser of an ordinary client would tidy up. */
export async function askRaw(
  { stage, usher }: SentWorld,
  asked: {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
  },
): Promise<number> {
  const [hostname = "", port = ""] = usher.host.split(":");
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: "127.0.0.1",
        port,
        ca: stage.ca,
        servername: hostname,
        agent: false,
        ...asked,
        headers: { host: usher.host, ...asked.headers },
      },
      (answer) => {
        answer.resume();
        answer.on("end", () => resolve(answer.statusCode ?? 0));
      },
    );
    sent.on("error", reject);
    sent.end();
  });
}
