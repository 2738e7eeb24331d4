import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Selectable } from "kysely";
import type { JobKind } from "../../src/jobs/queue.ts";
import type { NotificationTable, SubscriptionTable } from "../../src/store/schema.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { type CliRun, type Daemon, startDaemon, usher, usherJson } from "../world/site.ts";
import { startWorld, type World, type WorldOptions } from "../world/world.ts";

export interface SceneOptions extends WorldOptions {
  /** Names of accounts whose mailboxes are watched through the master user; `bob` unless given. */
  readonly accounts?: readonly string[];
  /** A world that stands already, and belongs to whoever started it. */
  readonly world?: World;
}

/** Everything in one place: a world, the daemon that serves it, and a look into its store. */
export interface Scene extends AsyncDisposable {
  readonly world: World;
  /** The same file that the daemon has open. */
  readonly store: Store;
  /** The daemon started last. */
  readonly daemon: Daemon;
  /** Starts a daemon and waits until it is ready. */
  start(env?: Readonly<Record<string, string>>): Promise<Daemon>;
  usher(...args: readonly string[]): Promise<CliRun>;
  usherJson<Value>(...args: readonly string[]): Promise<Value>;
}

export async function openScene(options: SceneOptions = {}): Promise<Scene> {
  await using stack = new AsyncDisposableStack();
  const world = options.world ?? stack.use(await startWorld(options));
  await usherJson(world.configFile, ["account", "list"]);
  for (const name of options.accounts ?? ["bob"]) await world.addAccount(name);
  const store = stack.use(await openStore(join(world.directory, "state", "usher.db"), { migrate: false }));
  const owned = stack.move();
  let daemon: Daemon | null = null;
  return {
    world,
    store,
    get daemon() {
      if (daemon === null) throw new Error("No daemon was started yet.");
      return daemon;
    },
    start: async (env) => {
      daemon = owned.use(startDaemon(world.configFile, env));
      await daemon.waitFor("ready");
      return daemon;
    },
    usher: async (...args) => usher(world.configFile, args),
    usherJson: async (...args) => usherJson(world.configFile, args),
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}

const clockStub = fileURLToPath(new URL("../world/clock-stub-main.ts", import.meta.url));

/** The environment of a daemon for which so many seconds of a minute are over when it starts. */
export function atSecond(second: number): Readonly<Record<string, string>> {
  return { NODE_OPTIONS: `--import ${clockStub}`, USHER_TEST_SECOND: String(second) };
}

/** Waits for something to come true. Throws with what there is instead. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  seen: () => unknown = () => "",
  maxMs = 60_000,
): Promise<void> {
  const deadline = Date.now() + maxMs;
  while (!(await holds())) {
    if (Date.now() > deadline) {
      throw new Error(
        `Within ${maxMs} ms it did not come true that ${what}: ${JSON.stringify(await seen())}`,
      );
    }
    await wait(30);
  }
}

type Notification = Selectable<NotificationTable>;

/** All notifications of a title, the oldest first. */
export async function notificationsTitled({ store }: Scene, title: string): Promise<readonly Notification[]> {
  return store.db
    .selectFrom("notification")
    .selectAll()
    .where("title", "=", title)
    .orderBy("created_at")
    .execute();
}

/** The one notification of a title, as soon as it is in that state. */
export async function notificationIn(
  scene: Scene,
  title: string,
  state: NotificationTable["state"],
): Promise<Notification> {
  let found: readonly Notification[] = [];
  await until(
    `"${title}" is ${state}`,
    async () => {
      found = await notificationsTitled(scene, title);
      return found[0]?.state === state;
    },
    () => [found.map((row) => [row.state, row.reason]), scene.daemon.text().slice(-3000)],
  );
  const [row, ...more] = found;
  if (row === undefined || more.length > 0)
    throw new Error(`There are ${found.length} notifications "${title}".`);
  return row;
}

/** Delivers a share mail and waits until it is judged. */
export async function deliverAndFind(
  scene: Scene,
  mail: string,
  title: string,
  state: NotificationTable["state"] = "held",
): Promise<Notification> {
  await scene.world.deliver("bob", mail);
  return notificationIn(scene, title, state);
}

/** The one subscription of a notification, whatever became of it. */
export async function subscriptionOf(
  { store }: Scene,
  notificationId: string,
): Promise<Selectable<SubscriptionTable>> {
  return store.db
    .selectFrom("subscription")
    .selectAll()
    .where("notification_id", "=", notificationId)
    .executeTakeFirstOrThrow();
}

/** Waiting work of that kind runs at once instead of after its pause. */
export async function makeJobsDue({ store }: Scene, kind: JobKind): Promise<void> {
  await store.db
    .updateTable("job")
    .set({ run_at: Date.now() })
    .where("kind", "=", kind)
    .where("state", "=", "ready")
    .execute();
}

/** The time of the next scheduled check has come. */
export async function makeCheckDue({ store }: Scene, subscriptionId: string): Promise<void> {
  await store.db
    .updateTable("subscription")
    .set({ next_check_at: Date.now() })
    .where("id", "=", subscriptionId)
    .execute();
}

/** Reason codes of the outcomes on record, in order; `followed` where there is no reason. */
export async function outcomesOf({ store }: Scene, notificationId: string): Promise<readonly string[]> {
  const rows = await store.db
    .selectFrom("record")
    .select("detail_json")
    .where("notification_id", "=", notificationId)
    .where("kind", "=", "outcome")
    .orderBy("id")
    .execute();
  return rows.map(({ detail_json: text }) => {
    const detail: { readonly what: string; readonly because?: string } = JSON.parse(text);
    return `${detail.what} ${detail.because ?? "well"}`;
  });
}

/** What the schedule does once in a minute. */
export async function sweepNow(scene: Scene): Promise<void> {
  await runNow(scene, "sweep-subscriptions");
}

/** One job of the schedule, as if its time had come. Gives its id. */
export async function runNow({ store }: Scene, kind: JobKind): Promise<number> {
  const { id } = await store.db
    .insertInto("job")
    .values({
      kind,
      subject: "site",
      payload_json: "{}",
      unique_key: null,
      lane: "site",
      state: "ready",
      run_at: Date.now(),
      again_at: null,
      attempts: 0,
      deaths: 0,
      lease_owner: null,
      lease_until: null,
      fence: 0,
      last_error: null,
      created_at: Date.now(),
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  return id;
}
