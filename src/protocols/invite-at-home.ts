import type { NotFollowed, Settled } from "./protocol.ts";

/** An invitation as a home server is told of it. */
export interface InviteAtHome {
  /** Secret. */
  readonly token: string;
  /** `host[:port]` of whoever invites. */
  readonly provider: string;
}

interface Place {
  readonly home: string;
  readonly provider: string;
}

const words = {
  "home-takes-no-invitations":
    "{home} takes no invitations by way of Usher; open the invitation there, with the link or the code in the mail.",
  "invitation-over":
    "The invitation of {provider} was used, or its time is over; ask the sender for another.",
  "provider-not-known":
    "{home} does not accept invitations of {provider}; its administrator can allow that server.",
} as const;

/** What an answer of a home server to an invitation means for the account. */
export function invitationAtHome(means: "added" | keyof typeof words, place: Place): Settled | NotFollowed {
  if (means === "added") {
    const detail = `${place.home} knows the sender at ${place.provider} now, and what is shared arrives there.`;
    return { kind: "settled", because: "contact-added", detail };
  }
  const detail = words[means].replace("{home}", () => place.home).replace("{provider}", () => place.provider);
  return { kind: "no", state: "UNRESOLVABLE", because: means, detail };
}
