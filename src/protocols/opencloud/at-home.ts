import { limits } from "../../domain/limits.ts";
import { oneLine } from "../../domain/one-line.ts";
import type { OutboundClient } from "../../http/outbound.ts";
import { askHome, notUnderstood } from "../home-request.ts";
import { type GraphHome, listSharedWithMe, type SharedItem } from "./shared-with-me.ts";
import type {
  Ask,
  Followed,
  FollowerHome,
  FollowReply,
  FollowWay,
  NotFollowed,
  Share,
  TryLater,
} from "../protocol.ts";

/** The drive of what others share, the same everywhere (reference/ocm.md 5.3). */
const sharesDrive = "a0ca6a90-a365-4782-871e-d44447bbc668$a0ca6a90-a365-4782-871e-d44447bbc668";

/**
 * Accepts federated shares at the account's own OpenCloud or oCIS (reference/ocm.md 5.3). Neither tells who shares: the name
 * alone says which item a notice means. There is no way to decline or leave one there.
 */
export function createOpenCloudAtHome(
  http: OutboundClient,
  home: FollowerHome,
): Required<Omit<FollowWay, "browse" | "open">> {
  const at = (ask: Ask): GraphHome => ({ http, home, ask });
  return {
    follow: async (share, _who, ask) => follow(at(ask), share),
    check: async (share, _who, ask) => check(at(ask), share),
    leave: async (_share, _who, ask) => no("cannot-be-left-at-home", at(ask)),
    refuse: async (_share, _who, ask) => no("cannot-be-declined-at-home", at(ask)),
  };
}

async function follow(at: GraphHome, share: Share): Promise<FollowReply> {
  const found = await find(at, share);
  if ("kind" in found) return found;
  if (found["@client.synchronize"] === true) return followed(at, found);
  const path = `/graph/v1beta1/drives/${encodeURIComponent(sharesDrive)}/root/children`;
  const body = { name: found.name, remoteItem: { id: found.remoteItem.id } };
  const answer = await askHome(
    at.http,
    at.home,
    { what: "accept at home", method: "POST", path, body },
    at.ask,
  );
  if (answer.kind === "try-later") return answer;
  return answer.status === 201 || answer.status === 200 ? followed(at, found) : notUnderstood(at.home);
}

async function check(at: GraphHome, share: Share): Promise<FollowReply> {
  const found = await find(at, share);
  if ("kind" in found) return found.kind === "no" ? { ...found, state: "REMOVED" } : found;
  return followed(at, found);
}

async function find(at: GraphHome, { title }: Share): Promise<SharedItem | NotFollowed | TryLater> {
  if (title === null) return no("mail-names-nothing", at);
  const listed = await listSharedWithMe(at);
  if (listed.kind === "try-later") return listed;
  const [first, second] = listed.items.filter((item) => isNamed(item, title));
  if (first === undefined) return no("not-at-home", at);
  return second === undefined ? first : no("several-at-home", at);
}

function isNamed({ name }: SharedItem, title: string): boolean {
  return name.normalize("NFC") === title.normalize("NFC");
}

function followed({ home }: GraphHome, { name, remoteItem }: SharedItem): Followed {
  const title = oneLine(name, limits.titleChars);
  return {
    kind: "followed",
    state: "SUBSCRIBED",
    guest: null,
    folders: [{ module: "files", folder: title, title, entries: [] }],
    homeAccount: home.login,
    homeFolder: remoteItem.id,
  };
}

const lacks = {
  "mail-names-nothing": "The mail does not say what is shared; look at {home}.",
  "not-at-home": "Nothing of that name is shared with the account at {home}; look there.",
  "several-at-home": "Several things of that name are shared with the account at {home}; look there.",
  "cannot-be-left-at-home": "{home} has no way to leave a share for a program; hide it there.",
  "cannot-be-declined-at-home": "{home} has no way to decline a share; nothing was done there.",
} as const;

function no(because: keyof typeof lacks, { home }: GraphHome): NotFollowed {
  const detail = lacks[because].replace("{home}", () => new URL(home.baseUrl).host);
  return { kind: "no", state: "UNRESOLVABLE", because, detail };
}
