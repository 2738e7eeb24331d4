import { type ParsedMail, simpleParser } from "mailparser";
import { type Nextcloud, type NextcloudOptions, startNextcloud } from "../world/nextcloud/nextcloud.ts";
import type { SentShare, SharedResource, ShareOutcome, TakenShare } from "../world/ocm/shares.ts";
import type { Stage } from "../world/ocm/stage.ts";
import type { UserSpec } from "../world/ocm/users.ts";
import { type Owncloud, startOwncloud } from "../world/owncloud/owncloud.ts";
import { addressOf } from "../world/world.ts";
import type { FederationSite } from "./federation-scene.ts";
import { until } from "./scene.ts";

/** Ada and Zoe are the users of each cloud, and Alice, who is at home there; the mailboxes of the former two are of the cloud. */
function usersAt(hostname: string): readonly UserSpec[] {
  return [
    { uid: "ada", displayName: "Ada Example", mail: addressOf(`ada.${hostname}`) },
    { uid: "zoe", displayName: "Zoe Example", mail: addressOf(`zoe.${hostname}`) },
    { uid: "alice", displayName: "Alice Example", mail: addressOf("alice") },
  ];
}

export function nextcloud(options: Omit<NextcloudOptions, "users">) {
  return async (stage: Stage, hostname: string): Promise<Nextcloud> =>
    stage.start(startNextcloud, hostname, { ...options, users: usersAt(hostname) });
}

export async function owncloud(stage: Stage, hostname: string): Promise<Owncloud> {
  return stage.start(startOwncloud, hostname, { users: usersAt(hostname) });
}

/** What a user of the cloud shares with an account, by default Ada. Throws where the site does not take it. */
export async function shareFrom(
  cloud: { createShare(address: string, resource: SharedResource): Promise<ShareOutcome> },
  address: string,
  resource: SharedResource,
): Promise<SentShare> {
  const made = await cloud.createShare(address, resource);
  if (made.kind === "created") return made.share;
  const answers = made.answers.map((answer) => (answer.kind === "answered" ? answer.status : answer.reason));
  throw new Error(`The share was not taken: ${answers.join(", ")}`);
}

/** The one share of that name that the cloud took of the site, as soon as it has it. */
export async function takenAt(
  cloud: { taken(): readonly TakenShare[] },
  site: FederationSite,
  name: string,
): Promise<TakenShare> {
  const named = () => cloud.taken().filter((share) => share.name === name);
  const isThere = (): boolean => named().length > 0;
  await until(`the cloud has "${name}"`, isThere, () => site.daemon.text().slice(-3000));
  const [share, ...more] = named();
  if (share === undefined || more.length > 0)
    throw new Error(`The cloud has ${named().length} of "${name}".`);
  return share;
}

/** The one mail in an INBOX, as soon as it is there. */
export async function mailTo(site: FederationSite, name: string): Promise<ParsedMail> {
  const query = ["-f", "json", "fetch", "-u", addressOf(name), "text", "mailbox", "INBOX"];
  let found: readonly { readonly text: string }[] = [];
  await until(
    `${name} has one mail`,
    async () => {
      found = JSON.parse((await site.world.dovecot.doveadm(...query).catch(() => "")) || "[]");
      return found.length === 1;
    },
    () => [found.length, site.daemon.text().slice(-3000)],
  );
  return simpleParser(found[0]?.text ?? "");
}
