import type { Letter } from "../cozy-v1a/stack/letters.ts";
import type { Answered } from "../ocm/caller.ts";
import type { JsonObject } from "../ocm/json.ts";
import { acceptInvite, createInvite, type NewInvite } from "./invites.ts";
import { Problem } from "./problems.ts";
import { type SentResult, type ShareSpec, sendShare, unshare } from "./send-share.ts";
import {
  addressOf,
  addUser,
  type Contact,
  type OpenCloudState,
  type ReceivedShare,
  type SentShare,
  type User,
  userNamed,
  type UserSpec,
} from "./state.ts";
import { lookAt } from "./use-share.ts";

/** What a test does with an emulated server of this family, and sees of it. Users are named by their login. */
export interface OpenCloudView {
  addUser(spec: UserSpec): User;
  /** OCM address of a user. */
  addressOf(login: string): string;
  /** Writes a host, with its port, into the providers file. */
  trust(host: string): void;
  /** Mailed where there is a recipient. */
  createInvite(login: string, recipient?: string): Promise<NewInvite>;
  expireInvite(token: string): void;
  /** What `POST /sciencemesh/accept-invite` does for that user; the status of its answer. */
  acceptInvite(
    login: string,
    invite: { readonly token: string; readonly providerDomain: string },
  ): Promise<number>;
  share(spec: ShareSpec): Promise<SentResult>;
  /** The answer of the other server; null where it is not told. */
  unshare(share: SentShare): Promise<Answered | null>;
  /** The PROPFIND of a received share at its sender; null where the sender could not be asked. */
  use(id: string): Promise<Answered | null>;
  /** A received share is gone, and nobody is told. */
  forget(id: string): void;
  shares(): readonly ReceivedShare[];
  contacts(): readonly Contact[];
  notifications(): readonly JsonObject[];
  letters(): readonly Letter[];
}

export function openCloudView(cloud: OpenCloudState): OpenCloudView {
  return {
    addUser: (spec) => addUser(cloud, spec),
    addressOf: (login) => addressOf(cloud, userNamed(cloud, login)),
    trust: (host) => void cloud.providers.add(host),
    createInvite: async (login, recipient) => createInvite(cloud, login, recipient ?? null),
    expireInvite: (token) => {
      for (const invite of cloud.invites) invite.isExpired ||= invite.token === token;
    },
    acceptInvite: async (login, invite) => {
      try {
        return (await acceptInvite(cloud, userNamed(cloud, login), invite)).status;
      } catch (cause) {
        if (cause instanceof Problem) return cause.reply.status;
        throw cause;
      }
    },
    share: async (spec) => sendShare(cloud, spec),
    unshare: async (share) => unshare(cloud, share),
    use: async (id) => lookAt(cloud, received(cloud, id)),
    forget: (id) => {
      const gone = received(cloud, id);
      cloud.shares = cloud.shares.filter((share) => share !== gone);
    },
    shares: () => [...cloud.shares],
    contacts: () => [...cloud.contacts],
    notifications: () => [...cloud.notifications],
    letters: () => [...cloud.letters],
  };
}

function received({ shares }: OpenCloudState, id: string): ReceivedShare {
  const share = shares.find((each) => each.id === id);
  if (share === undefined) throw new Error(`The emulated server has no received share ${id}.`);
  return share;
}
