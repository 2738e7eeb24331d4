import { sql } from "kysely";
import { bounceAddress } from "../../src/domain/bounce-address.ts";
import type { RecipientState } from "../../src/domain/recipient.ts";
import { parseMail } from "../../src/mail/parse.ts";
import { planningParts } from "../../src/sharing-parts.ts";
import { bouncePurpose, takeReport } from "../../src/sharing/take-report.ts";
import { type CozyV1a, startCozyV1a } from "../world/cozy-v1a/cozy.ts";
import { openStage } from "../world/cozy-v1a/stack/stage.ts";
import type { CozyOptions } from "../world/cozy-v1a/stack/stack.ts";
import { type CozyV2, startCozyV2 } from "../world/cozy-v2/cozy.ts";
import { standardReport } from "../world/reports.ts";
import { startUsher, type Usher } from "./usher.ts";

const doctype = "io.cozy.tests";
const permissions = { doc: { type: doctype, verbs: ["ALL"], values: ["t1"] } };

/** One sharing with one recipient. */
export interface Shared {
  /** For Alice's application; of a sharing without a protocol none. */
  readonly id: string;
  readonly sharingId: string;
  readonly recipientId: string;
  readonly address: string;
}

type Application = Awaited<ReturnType<Usher["app"]>>;

/** Alice shares from Usher, by every way there is; Bob has a Cozy of 2017 and Carol one of platform 2. */
export class TransitionWorld implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;
  readonly #alice: Usher;
  readonly #bob: CozyV1a;
  readonly #carol: CozyV2;
  readonly #app: Application;
  #people = 0;

  private constructor(
    stack: AsyncDisposableStack,
    parts: { alice: Usher; bob: CozyV1a; carol: CozyV2; app: Application },
  ) {
    this.#stack = stack;
    this.#alice = parts.alice;
    this.#bob = parts.bob;
    this.#carol = parts.carol;
    this.#app = parts.app;
  }

  static async open(): Promise<TransitionWorld> {
    await using stack = new AsyncDisposableStack();
    const stage = stack.use(await openStage());
    const bob = stack.use(await stage.start(startCozyV1a, "bob"));
    const carol = stack.use(await stage.start(startPlatform2, "carol"));
    const alice = stack.use(await stage.start(startUsher, "alice"));
    const app = await alice.app(`${doctype}:ALL:t1 event:ALL sharing io.cozy.contacts:ALL`);
    await ok(app("PUT", `/data/${doctype}/t1`, { text: "first" }));
    await ok(app("PUT", "/data/event/e1", { docType: "event" }));
    return new TransitionWorld(stack.move(), { alice, bob, carol, app });
  }

  /** Over the protocol of 2017, with somebody at Bob's Cozy, who is not asked yet. */
  async addedEarlier(): Promise<Shared> {
    const address = this.#newAddress();
    const cozy = [{ url: this.#bob.origin }];
    const contact = idIn(
      await ok(this.#app("POST", "/data/io.cozy.contacts/", { email: [{ address }], cozy })),
    );
    const body = { sharing_type: "master-slave", permissions, recipients: [] };
    const id = idOf(await ok(this.#app("POST", "/sharings/", body)));
    await ok(this.#app("PUT", `/sharings/${id}/recipient`, { id: contact }));
    return this.#shared(id, address);
  }

  /** The same, and he is mailed. */
  async mailedEarlier(): Promise<Shared> {
    const made = await this.addedEarlier();
    await this.sendMails(made);
    return made;
  }

  /** Over today's protocol: by mail. */
  async mailedToday(): Promise<Shared> {
    return this.#today({});
  }

  /** Over today's protocol, with a Cozy that is not asked yet; and taken back from its owner alone. */
  async revokedToday(): Promise<Shared> {
    const made = await this.#today({ instance: this.#bob.origin });
    await ok(this.#app("DELETE", `/sharings/${made.id}/recipients/1`));
    return made;
  }

  async #today(more: object): Promise<Shared> {
    const address = this.#newAddress();
    const rules = [{ title: "Test", doctype, values: ["t1"], add: "sync" }];
    const recipients = { data: [{ type: "io.cozy.contacts", email: address, ...more }] };
    const data = { attributes: { description: "Test", rules }, relationships: { recipients } };
    return this.#shared(idOf(await ok(this.#app("POST", "/sharings/", { data }))), address);
  }

  /** By a mail with a link, without any protocol. */
  async mailedPlainly(): Promise<Shared> {
    const address = this.#newAddress();
    const link = `https://cloud.example.org/s/${this.#people}a1b2c3d4e5f6`;
    await ok(this.#alice.api("POST", "/sharings", { title: "Plans", link, to: [address] }));
    return this.#shared("", address);
  }

  /** Over platform 2, with Carol's Cozy, which will not take the request. */
  async refusedRequest(): Promise<Shared> {
    this.#carol.misbehave({ kind: "status", status: 403, retryAfter: null }, "request", 1);
    const asked = {
      desc: "Test",
      rules: [{ id: "e1", docType: "event" }],
      targets: [{ recipientUrl: this.#carol.origin }],
    };
    const made: { readonly shareID: string } = JSON.parse(
      await ok(this.#app("POST", "/services/sharing/", asked)),
    );
    return this.#shared(made.shareID, "");
  }

  #newAddress(): string {
    this.#people += 1;
    return `person${this.#people}@mail.example`;
  }

  /** With the recipient who was added last. */
  async #shared(id: string, address: string): Promise<Shared> {
    const query = this.#alice.site.store.db.selectFrom("recipient").select(["id", "sharing_id"]);
    const row = await query.orderBy(sql`rowid`, "desc").executeTakeFirstOrThrow();
    return { id, sharingId: row.sharing_id, recipientId: row.id, address };
  }

  /** His state as the API shows it. */
  async stateOf({ sharingId, recipientId }: Shared): Promise<RecipientState | undefined> {
    const shown: { readonly recipients: readonly { readonly id: string; readonly state: RecipientState }[] } =
      JSON.parse(await ok(this.#alice.api("GET", `/sharings/${sharingId}`)));
    return shown.recipients.find(({ id }) => id === recipientId)?.state;
  }

  /** What is planned at other Cozys is done. */
  async work(): Promise<void> {
    await this.#alice.work();
  }

  /** Alice's application has those asked who may be. */
  async sendMails({ id }: Shared): Promise<void> {
    await ok(this.#app("POST", `/sharings/${id}/sendMail`));
    await this.work();
  }

  /** It brings him in once more. */
  async addAgain({ id, address }: Shared): Promise<void> {
    const recipients = { data: [{ type: "io.cozy.contacts", email: address }] };
    await ok(this.#app("POST", `/sharings/${id}/recipients`, { data: { relationships: { recipients } } }));
  }

  async revoke({ id, sharingId }: Shared): Promise<void> {
    if (id === "") await ok(this.#alice.api("POST", `/sharings/${sharingId}/revoke`, {}));
    else await ok(this.#app("DELETE", `/sharings/${id}`));
  }

  /** The mail to him went out, and comes back as a mail server returns it. */
  async bounce({ recipientId, address }: Shared): Promise<void> {
    const { store, sealer, config } = this.#alice.site;
    const sent = await store.db
      .updateTable("invitation")
      .set({ state: "sent", sent_at: Date.now() })
      .where("recipient_id", "=", recipientId)
      .returning(["id", "message_id"])
      .executeTakeFirstOrThrow();
    const mac = sealer.mac(bouncePurpose, sent.id);
    const to = bounceAddress("bounces@usher.example.org", { invitationId: sent.id, mac });
    const blocks = [{ final: address, action: "failed", status: "5.1.1" }];
    const report = standardReport({ to, messageId: sent.message_id }, blocks).replaceAll("\n", "\r\n");
    const view = await parseMail(Buffer.from(report));
    const parts = { ...planningParts(this.#alice.site, () => config), tell: () => undefined };
    const taken = await store.transaction(async (db) => takeReport(db, view, parts));
    if (taken?.kind !== "attributed") throw new Error(`The report came to ${JSON.stringify(taken)}.`);
  }

  /** His Cozy does not let Alice's be its client. */
  async refuseToRegister(made: Shared): Promise<void> {
    this.#bob.misbehave({ kind: "status", status: 403, retryAfter: null }, "register", 1);
    await this.sendMails(made);
  }

  async accept({ address }: Shared): Promise<void> {
    await this.#bob.owner.accept(await this.#alice.linkOf(address));
  }

  async refuse({ address }: Shared): Promise<void> {
    await this.#bob.owner.refuse(await this.#alice.linkOf(address));
  }

  /** His answer comes with a code that his Cozy does not know. */
  async answerWrongly({ address }: Shared): Promise<void> {
    const query = new URLSearchParams(new URL(await this.#alice.linkOf(address)).searchParams);
    query.set("access_code", "wrong");
    const { status } = await this.#alice.ask("GET", `/sharings/answer?${query.toString()}`);
    if (status !== 500) throw new Error(`The code was answered with ${status}.`);
  }

  /** The application in which he answered says so. */
  async tell({ sharingId, recipientId }: Shared, answer: "accepted" | "refused"): Promise<void> {
    await ok(this.#alice.api("POST", `/sharings/${sharingId}/recipients/${recipientId}/${answer}`, {}));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

async function startPlatform2({ tls, hostname, publicName = "", resolve }: CozyOptions): Promise<CozyV2> {
  return startCozyV2({
    tls,
    hostname,
    publicName,
    resolve: (host) => {
      const found = resolve(host);
      if (found === null || found.ca === null) throw new Error(`The test has no server ${host}.`);
      return { port: found.port, ca: found.ca };
    },
  });
}

async function ok(answer: ReturnType<Usher["ask"]>): Promise<string> {
  const { status, text } = await answer;
  if (status >= 400) throw new Error(`${status}: ${text}`);
  return text;
}

function idIn(text: string): string {
  const { id }: { readonly id: string } = JSON.parse(text);
  return id;
}

function idOf(text: string): string {
  const { data }: { readonly data: { readonly id: string } } = JSON.parse(text);
  return data.id;
}
