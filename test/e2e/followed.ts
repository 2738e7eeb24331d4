import type { SubscriptionTable } from "../../src/store/schema.ts";
import type { Answer } from "../world/cozy-v1a/stack/outgoing.ts";
import { notificationIn, type Scene, until } from "./scene.ts";

/** A site whose accounts call its API. */
interface ApiSite {
  api(name: string, method: string, path: string, body?: unknown): Promise<Answer>;
}

/** The JSON of an answer that went well. Throws with what it said instead. */
export function bodyOf({ status, text }: Answer): Readonly<Record<string, unknown>> {
  if (status >= 300) throw new Error(`${status}: ${text}`);
  const body: Readonly<Record<string, unknown>> = JSON.parse(text);
  return body;
}

/** The one notification of a title, as soon as the mail about it was read and holds. */
export async function held(site: Scene, title: string): Promise<string> {
  return (await notificationIn(site, title, "held")).id;
}

/** Its account says yes by the API. */
export async function accept(site: ApiSite, name: string, notification: string): Promise<void> {
  const answer = await site.api(name, "POST", `/notifications/${notification}/accept`, {});
  if (answer.status !== 202) throw new Error(`${answer.status}: ${answer.text}`);
}

/** Time for two more tries after those that a busy machine spoiled (domain/retry.ts). */
const patienceMs = 150_000;

/** Waits until something is that value. */
export async function whenAt(
  site: Scene,
  what: string,
  look: () => Promise<unknown>,
  wanted: unknown,
): Promise<void> {
  let seen: unknown = null;
  await until(
    what,
    async () => {
      seen = await look();
      return seen === wanted;
    },
    () => [seen, site.daemon.text().slice(-3000)],
    patienceMs,
  );
}

export async function subscriptionIn(
  site: Scene,
  notification: string,
  state: SubscriptionTable["state"],
): Promise<string> {
  const found = async () =>
    site.store.db
      .selectFrom("subscription")
      .select(["id", "state"])
      .where("notification_id", "=", notification)
      .execute();
  await whenAt(site, `the subscription is ${state}`, async () => (await found())[0]?.state, state);
  const rows = await found();
  if (rows.length !== 1) throw new Error(`There are ${rows.length} subscriptions.`);
  return rows[0]?.id ?? "";
}

interface Entry {
  readonly name: string;
}

/** What the command line shows behind a subscription. */
export async function browsed(site: Scene, subscription: string): Promise<readonly Entry[]> {
  const found = await site.usherJson<{ readonly entries: readonly Entry[] }>(
    "subscription",
    "browse",
    subscription,
  );
  return found.entries;
}

/** What the command line gets of one document or file. */
export async function gotten(site: Scene, subscription: string, path: string): Promise<string> {
  const run = await site.usher("subscription", "get", subscription, path);
  if (run.code !== 0) throw new Error(`get ended with ${run.code}: ${run.err}`);
  return run.out;
}
