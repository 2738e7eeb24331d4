import type { Phrases } from "./wanted.ts";

export const en: Phrases = {
  quoted: (title) => `“${title}”`,
  unnamed: {
    files: "files",
    calendar: "a calendar",
    contacts: "an address book",
    tasks: "a task list",
    invitation: "an invitation from cloud to cloud",
    other: "something",
  },
  anyFiles: "Files and folders",
  checked: (domain) => `The sender is genuine: the mail really comes from ${domain}.`,
  signed: (host) => `The sender is genuine: the share really comes from ${host}.`,
  trustedSender: "You trust this sender.",
  knownContact: "The sender is one of your contacts.",
  unchecked: "Nobody could verify the sender. Anyone may have written this mail under this name.",
  linkElsewhere: (host) => `The share lies at ${host}, which does not belong to the sender’s domain.`,
  marks: {
    punycode: ({ shown, asked }) => `The name ${shown} has special letters; its technical form is ${asked}.`,
    "mixed-script": ({ shown, asked }) =>
      `The name ${shown} mixes letters of different alphabets; it is really ${asked}.`,
    "look-alike": ({ shown, asked }) =>
      shown === asked
        ? `The name ${shown} resembles one that you know, but is a different one.`
        : `The name ${shown} resembles another one; it is really ${asked}.`,
  },
  signals: {
    "reply-to-elsewhere": "A reply would go to an address at another domain than the sender’s.",
    "date-in-future": "The mail bears a date in the future.",
    "link-shows-another-host": "A link in the mail shows one address and leads to another.",
    "name-shows-another-address": "The sender’s name shows another address than the one that was used.",
    "several-senders": "The mail names several senders.",
  },
  junk: "The mail lies in your Junk folder. If it belongs in your inbox, move it there first.",
  failures: {
    "password-needed":
      "The share is protected by a password. The person who shares it can tell you what it is.",
    "password-rejected": "The password was not accepted. Please ask the person who shares it, and try again.",
    gone: "The share no longer exists, or was taken back. Ask the person who shared it to share it again.",
    "broken-link":
      "The link in the mail does not lead to a share that can be followed. Ask the person who shared it to share it again.",
    "not-let-in":
      "The other server does not let you in. Ask the person who shared it to look at your guest access there.",
    "for-nobody":
      "The mail carries a link for anyone. Only shares made for your own address can be followed: ask to be invited by it.",
    "for-another-address":
      "The share was made for another address. Ask the person who shared it to invite one of yours.",
    "single-file":
      "A single file was shared, and only folders can be followed. Open the link in the original mail, or ask for its folder to be shared.",
    "kind-not-followed":
      "Shares of this kind cannot be followed for you. You can still open the link in the original mail.",
    "needs-own-server":
      "Calendars can only be followed through your own groupware. Your administrator can connect it.",
    "needs-own-host":
      "Shares of a Cozy are answered from an address of your own here, and you have none yet. Your administrator can give you one.",
    "product-not-followed":
      "Shares of this product cannot be followed yet. You can still open the link in the original mail.",
    "invitation-over":
      "The invitation was used, withdrawn, or its time is over. Ask the person who sent it for another.",
    "not-trusted-there":
      "The other server does not accept people of this one. Your administrator can ask for that.",
    junk: "The original mail lies in your Junk folder, and nothing follows from such mail. Move it to your inbox first.",
    other: "It did not work. You can still open the link in the original mail, or ask your administrator.",
  },
};
