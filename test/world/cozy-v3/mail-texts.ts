import type { Sharing } from "./model.ts";

export type Kind = "drive" | "document" | "directory" | "file" | "note" | "organization";
type Locale = "en" | "fr";

const noteType = "text/vnd.cozy.note+markdown";

/** What a sharing is about, from its first rule. A recipient knows it the same way: PUT brings the type of a single file. */
export function kindOf({ drive, rules }: Sharing): Kind {
  const [first] = rules;
  if (drive) return "drive";
  if (first?.doctype === "com.bitwarden.organizations") return "organization";
  if (first?.doctype !== "io.cozy.files") return "document";
  if (first.mime === "") return "directory";
  return first.mime === noteType ? "note" : "file";
}

/** Reference/cozy.md 2.4. The key of organizations has no translation and stands in the subject itself. */
const titleTypes: Readonly<Record<Locale, Readonly<Record<Kind, string>>>> = {
  en: {
    drive: "a drive",
    document: "a document",
    directory: "a directory",
    file: "a file",
    note: "a note",
    organization: "Notification Sharing Title Organization",
  },
  fr: {
    drive: "un drive",
    document: "un document",
    directory: "un répertoire",
    file: "un fichier",
    note: "une note",
    organization: "Notification Sharing Title Organization",
  },
};

const definite: Readonly<Record<Locale, Readonly<Record<Kind, string>>>> = {
  en: {
    drive: "the drive",
    document: "the document",
    directory: "the directory",
    file: "the file",
    note: "the note",
    organization: "the organization",
  },
  fr: {
    drive: "le drive",
    document: "le document",
    directory: "le répertoire",
    file: "le fichier",
    note: "la note",
    organization: "l'organisation",
  },
};

/** Subject of sharing_request and of notifications_sharing (reference/cozy.md 2.5). */
function sharedSubject(locale: Locale, sharer: string, kind: Kind): string {
  const what = titleTypes[locale][kind];
  return locale === "fr" ? `${sharer} a partagé ${what} avec vous` : `${sharer} has shared ${what} with you`;
}

/** A mail before it is written: the description stands in the sentence between two asterisks each. */
export interface Words {
  readonly subject: string;
  readonly greeting: string;
  readonly sentence: string;
  readonly button: string;
}

export interface RequestWords {
  readonly locale: Locale;
  readonly sharer: { readonly publicName: string; readonly email: string };
  readonly recipient: string;
  readonly kind: Kind;
  readonly isReadOnly: boolean;
  readonly description: string;
}

export function requestWords(about: RequestWords): Words {
  const { locale, sharer, recipient, kind, isReadOnly, description } = about;
  const subject = sharedSubject(locale, sharer.publicName, kind);
  const who = `${sharer.publicName} (${sharer.email})`;
  const what = `${definite[locale][kind]} **${description}**`;
  if (locale === "fr") {
    const verb = isReadOnly ? "voir" : "modifier";
    return {
      subject,
      greeting: recipient === "" ? "Bonjour," : `Bonjour ${recipient},`,
      sentence: `${who} vous propose de ${verb} ${what}, gardé dans son espace personnel Twake.`,
      button: `Voir ${definite.fr[kind]}`,
    };
  }
  const verb = isReadOnly ? "view" : "edit";
  return {
    subject,
    greeting: recipient === "" ? "Hello," : `Hello ${recipient},`,
    sentence: `${who} lets you ${verb} ${what}, kept in a personal space of Twake.`,
    button: `View ${definite.en[kind]}`,
  };
}

/** The English article is doubled, as the product does (reference/cozy.md 2.4). */
export function notificationWords(
  locale: Locale,
  sharer: string,
  kind: Kind,
  isReadOnly: boolean,
  target: string,
): Words {
  const subject = sharedSubject(locale, sharer, kind);
  const button = `${locale === "fr" ? "Voir" : "View"} ${definite[locale][kind]}`;
  if (locale === "fr") {
    const verb = isReadOnly ? "voir" : "modifier";
    const sentence = `${sharer} vous laisse ${verb} ${definite.fr[kind]} **${target}**.`;
    return { subject, greeting: "Bonjour,", sentence, button };
  }
  const verb = isReadOnly ? "view" : "edit";
  const sentence = `${sharer} lets you ${verb} the ${definite.en[kind]} **${target}**.`;
  return { subject, greeting: "Hello,", sentence, button };
}

/** The subject is not in the reference; only that it has no arguments. */
export function confirmationWords(locale: Locale, publicName: string, member: string): Words {
  if (locale === "fr") {
    return {
      subject: "Un membre attend votre confirmation",
      greeting: `Bonjour ${publicName},`,
      sentence: `Confirmez que **${member}** peut lire vos secrets partagés.`,
      button: "Confirmer",
    };
  }
  return {
    subject: "A member waits to be confirmed",
    greeting: `Hello ${publicName},`,
    sentence: `Confirm that **${member}** may read your shared secrets.`,
    button: "Confirm",
  };
}

/** The subject is not in the reference; only that the description is its argument. */
export function changedFileWords(
  locale: Locale,
  fileName: string,
  isFolder: boolean,
  description: string,
): Words {
  if (locale === "fr") {
    return {
      subject: `Du nouveau dans ${description}`,
      greeting: "Bonjour,",
      sentence: `${isFolder ? "Le dossier" : "Le fichier"} **${fileName}** est arrivé dans ${description}.`,
      button: "Ouvrir",
    };
  }
  return {
    subject: `News in ${description}`,
    greeting: "Hello,",
    sentence: `The ${isFolder ? "folder" : "file"} **${fileName}** came into ${description}.`,
    button: "Open",
  };
}
