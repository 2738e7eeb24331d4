import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Application, password } from "../world/application/application.ts";
import { login } from "../world/application/files.ts";
import type { FederationSite } from "./federation-scene.ts";
import { bodyOf, whenAt } from "./followed.ts";
import { makeCheckDue, makeJobsDue, sweepNow } from "./scene.ts";

/** What an account is asked about something of a server, as soon as it is held; throws where it is more than one thing. */
export async function heldFrom(
  site: FederationSite,
  name: string,
  what: { readonly host: string; readonly protocol: "ocm-invite" | "federated-share" },
): Promise<string> {
  const found = async () =>
    site.store.db
      .selectFrom("notification")
      .innerJoin("account", "account.id", "notification.account_id")
      .select("notification.id")
      .where("account.name", "=", name)
      .where("notification.protocol", "=", what.protocol)
      .where("notification.origin", "=", `https://${what.host}`)
      .where("notification.state", "=", "held")
      .execute();
  await whenAt(site, `${name} is asked once`, async () => (await found()).length, 1);
  return (await found())[0]?.id ?? "";
}

/** Waits for a state of a notification, and helps work that waits for its next try. */
export async function comesTo(site: FederationSite, notification: string, state: string): Promise<void> {
  const look = async () => {
    await makeJobsDue(site, "follow");
    const row = await site.store.db
      .selectFrom("notification")
      .select(["state", "reason"])
      .where("id", "=", notification)
      .executeTakeFirst();
    return row?.state;
  };
  await whenAt(site, `it is ${state}`, look, state);
}

/** Somebody whom an invitation made known. */
interface Known {
  readonly cloud_address: string | null;
  readonly name: string | null;
}

/** OCM addresses of the people whom an account knows. */
export async function knownTo(site: FederationSite, name: string): Promise<readonly string[]> {
  const contacts = await site.usherJson<readonly Known[]>("contact", "list", name);
  return contacts.flatMap(({ cloud_address: address }) => (address === null ? [] : [address]));
}

/** An invitation of an account that it hands over itself, as `token@host`. */
export async function codeBy(site: FederationSite, name: string): Promise<string> {
  const given = await site.api(name, "POST", "/sharings/invites", { reveal: true });
  const [invite] = bodyOf(given) as unknown as readonly { readonly code: string }[];
  if (invite === undefined) throw new Error("No invitation was given.");
  return invite.code;
}

/** What an application of the accounts holds, and Usher is told to share. */
export function fillApplication({ files }: Application): void {
  files.set("report.pdf", { bytes: Buffer.from("What the report says.") });
  files.set("Reports/", null);
  files.set("Reports/2026 & more/", null);
  files.set("Reports/2026 & more/plan ü.txt", { bytes: Buffer.from("The plan.") });
  files.set("Reports/sums.csv", { bytes: Buffer.from("1,2,3") });
}

/** `usher sharing federate` of a path of the application; gives the sharing's id. */
export async function federate(
  site: FederationSite,
  name: string,
  application: Application,
  what: { readonly path: string; readonly title: string; readonly to: readonly string[] },
  ...more: readonly string[]
): Promise<string> {
  const file = join(site.world.directory, "secret-of-the-application");
  await writeFile(file, password);
  const place = ["--webdav", application.url + what.path, "--login", login, "--secret-file", file];
  const asked = ["sharing", "federate", name, "--title", what.title, ...place, "--to", ...what.to, ...more];
  return (await site.usherJson<{ readonly id: string }>(...asked)).id;
}

interface Shown {
  readonly recipients: readonly {
    readonly address: string;
    readonly state: string;
    readonly cloudError?: string | null;
  }[];
}

/** Waits until the recipients of a sharing, in their order, are in these states. */
export async function recipientsBecome(
  site: FederationSite,
  name: string,
  sharing: string,
  ...states: readonly string[]
): Promise<void> {
  const look = async () => {
    const shown = bodyOf(await site.api(name, "GET", `/sharings/${sharing}`)) as unknown as Shown;
    return shown.recipients.map(({ state }) => state).join(" ");
  };
  await whenAt(site, `they are ${states.join(" ")}`, look, states.join(" "));
}

/** The site looks at what it follows as it does from time to time. */
export async function lookAgain(site: FederationSite, subscription: string): Promise<void> {
  await makeCheckDue(site, subscription);
  await sweepNow(site);
}

/** `usher sharing revoke` and the like; throws with what the command said instead. */
export async function done(site: FederationSite, ...command: readonly string[]): Promise<void> {
  const run = await site.usher(...command);
  if (run.code !== 0) throw new Error(`usher ${command.join(" ")} ended with ${run.code}: ${run.err}`);
}

/** What the API gives of a file behind a subscription. Throws with what it said instead. */
export async function content(
  site: FederationSite,
  name: string,
  subscription: string,
  path: string,
): Promise<string> {
  const asked = `/subscriptions/${subscription}/content?${String(new URLSearchParams({ path }))}`;
  const { status, text } = await site.api(name, "GET", asked);
  if (status !== 200) throw new Error(`${status}: ${text}`);
  return text;
}
