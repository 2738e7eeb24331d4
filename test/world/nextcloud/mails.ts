import { composed, type Letter } from "../ocm/mail.ts";
import { type TakenShare, userNamed } from "../ocm/shares.ts";
import type { OcmUser } from "../ocm/users.ts";
import { escaped } from "../ocm/wire.ts";
import type { InviteForms } from "./invites.ts";
import type { NextcloudState, PublicLink } from "./state.ts";

export interface InviteMail {
  readonly to: string;
  readonly message?: string;
  /** The sender's own copy. */
  readonly isCopy?: boolean;
}

export interface LinkMail {
  readonly to: string;
  readonly note?: string;
  /** A date as text. */
  readonly expires?: string;
  /** A link without `/index.php`. */
  readonly isPretty?: boolean;
}

/** The mails of an instance (reference/ocm.md 2.2, 2.3) as RFC 5322 text. */
export function nextcloudMails(state: NextcloudState) {
  return {
    /** Of the contacts app. */
    invite: (forms: InviteForms, mail: InviteMail): string => composed(inviteLetter(state, forms, mail)),
    /** The home server's notice that a federated share waits; sent in batches, so one mail may tell of several. */
    notification: (...shares: readonly TakenShare[]): string => composed(notificationLetter(state, shares)),
    activity: (share: TakenShare): string => composed(activityLetter(state, share)),
    /** Share by mail of a public link. */
    link: (link: PublicLink, mail: LinkMail): string => composed(linkLetter(state, link, mail)),
    /** The separate mail with the password of such a link. */
    linkPassword: (link: PublicLink, to: string): string => composed(passwordLetter(state, link, to)),
  };
}

function noReply({ hostname }: NextcloudState): string {
  return `no-reply@${hostname}`;
}

/** `<name> via <instance>` with the default address. */
function via(state: NextcloudState, { displayName }: OcmUser): Letter["from"] {
  return { name: `${displayName} via ${state.settings.instanceName}`, address: noReply(state) };
}

function inviteLetter(
  state: NextcloudState,
  { token, link, code, inviteString }: InviteForms,
  { to, message, isCopy = false }: InviteMail,
): Letter {
  const invite = state.invites.find((each) => each.token === token);
  const by = userNamed(state, invite?.by);
  const offer = `${by.displayName} offers to swap cloud accounts and contact data with you.`;
  const personal = message === undefined ? [] : ["---", message, "---"];
  return {
    subject: `${isCopy ? "[Copy] " : ""}${by.displayName} invites you to exchange contact information.`,
    from: via(state, by),
    to,
    text: [
      "Hello,",
      "",
      offer,
      "",
      ...personal,
      "",
      "To accept, open this link:",
      "",
      link,
      "",
      "Invitation details:",
      "",
      `Invite code: ${code}`,
      "",
      `Encoded invite: ${inviteString}`,
      "",
      "-- ",
      state.settings.instanceName,
    ],
    html: [
      "<p>Hello,</p>",
      `<p>${escaped(offer)}</p>`,
      ...personal.map((line) => `<p>${escaped(line)}</p>`),
      `<p><a href="${escaped(link)}">Accept</a></p>`,
      `<p>Invitation details:</p><ul><li>Invite code: ${code}</li><li>Encoded invite: ${inviteString}</li></ul>`,
    ],
  };
}

/** A narrow no-break space before the half of the day, as the times of Nextcloud have it. */
const time = "12:57\u202fPM";

function notificationLetter(state: NextcloudState, shares: readonly TakenShare[]): Letter {
  const { instanceName } = state.settings;
  const [first] = shares;
  if (first === undefined) throw new Error("A notification tells of at least one share.");
  const what = shares.length === 1 ? "New notification" : `${shares.length} new notifications`;
  const lines = shares.map(
    ({ name, owner }) => `You received ${name} as a remote share from @${owner} (today, ${time})`,
  );
  return toUser(state, userNamed(state, first.user), `${what} for ${instanceName}`, lines);
}

/** Off by default. */
function activityLetter(state: NextcloudState, { user, name, owner }: TakenShare): Letter {
  const line = `You received a new remote share ${name} from @${owner} (October 13, 2026, ${time})`;
  const letter = toUser(state, userNamed(state, user), `Activity at ${state.settings.instanceName}`, [line]);
  return { ...letter, more: ["Auto-Submitted: auto-generated"] };
}

function toUser(state: NextcloudState, user: OcmUser, subject: string, lines: readonly string[]): Letter {
  const { origin, settings } = state;
  if (user.mail === null) throw new Error(`The user ${user.uid} has no mail address.`);
  return {
    subject,
    from: { name: settings.instanceName, address: noReply(state) },
    to: user.mail,
    text: [
      `Hello ${user.displayName},`,
      "",
      `This is new at ${origin}/`,
      "",
      ...lines.map((line) => `  * ${line}`),
      "",
      "-- ",
      settings.instanceName,
    ],
    html: [
      `<h1>Hello ${escaped(user.displayName)},</h1><p>This is new at <a href="${origin}/">${origin}/</a></p>`,
      `<ul>${lines.map((line) => `<li>${escaped(line)}</li>`).join("")}</ul>`,
    ],
  };
}

function linkLetter(
  state: NextcloudState,
  link: PublicLink,
  { to, note, expires, isPretty }: LinkMail,
): Letter {
  const by = userNamed(state, link.by);
  const url = `${state.origin}${isPretty === true ? "" : "/index.php"}/s/${link.token}`;
  const bullets = [
    ...(note === undefined ? [] : [`${note} (Note:)`]),
    ...(expires === undefined ? [] : [`${expires} (Expiration:)`]),
  ];
  return {
    subject: `${by.displayName} shared ${link.name} with you`,
    from: via(state, by),
    to,
    ...(by.mail === null ? {} : { replyTo: { name: by.displayName, address: by.mail } }),
    text: [
      ...bullets.map((line) => `  * ${line}`),
      `Open ${link.name}: ${url}`,
      "",
      "-- ",
      state.settings.instanceName,
    ],
    html: [
      `<h1>${escaped(link.name)}</h1><ul>${bullets.map((line) => `<li>${escaped(line)}</li>`).join("")}</ul>`,
      `<p><a href="${url}">Open ${escaped(link.name)}</a></p>`,
    ],
  };
}

function passwordLetter(state: NextcloudState, link: PublicLink, to: string): Letter {
  const by = userNamed(state, link.by);
  const password = link.password ?? "";
  const sentence = `${by.displayName} shared ${link.name} with you. It is protected with this password:`;
  return {
    subject: `Password to access ${link.name} shared to you by ${by.displayName}`,
    from: via(state, by),
    to,
    ...(by.mail === null ? {} : { replyTo: { name: by.displayName, address: by.mail } }),
    text: [sentence, "", password, "", "-- ", state.settings.instanceName],
    html: [`<p>${escaped(sentence)}</p><p>${escaped(password)}</p>`],
  };
}
