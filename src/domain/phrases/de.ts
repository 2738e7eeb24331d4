import type { Phrases } from "./wanted.ts";

export const de: Phrases = {
  quoted: (title) => `„${title}“`,
  unnamed: {
    files: "Dateien",
    calendar: "einen Kalender",
    contacts: "ein Adressbuch",
    tasks: "eine Aufgabenliste",
    invitation: "eine Einladung von Cloud zu Cloud",
    other: "etwas",
  },
  anyFiles: "Dateien und Ordner",
  checked: (domain) => `Der Absender ist echt: Die E-Mail kommt tatsächlich von ${domain}.`,
  signed: (host) => `Der Absender ist echt: Die Freigabe kommt tatsächlich von ${host}.`,
  trustedSender: "Sie vertrauen diesem Absender.",
  knownContact: "Der Absender gehört zu Ihren Kontakten.",
  unchecked:
    "Der Absender ließ sich nicht überprüfen. Diese E-Mail kann jeder unter diesem Namen geschrieben haben.",
  linkElsewhere: (host) => `Die Freigabe liegt auf ${host}; das gehört nicht zur Domain des Absenders.`,
  marks: {
    punycode: ({ shown, asked }) =>
      `Der Name ${shown} enthält besondere Buchstaben; technisch lautet er ${asked}.`,
    "mixed-script": ({ shown, asked }) =>
      `Der Name ${shown} mischt Buchstaben verschiedener Alphabete; in Wirklichkeit lautet er ${asked}.`,
    "look-alike": ({ shown, asked }) =>
      shown === asked
        ? `Der Name ${shown} ähnelt einem, den Sie kennen, ist aber ein anderer.`
        : `Der Name ${shown} ähnelt einem anderen; in Wirklichkeit lautet er ${asked}.`,
  },
  signals: {
    "reply-to-elsewhere": "Eine Antwort ginge an eine andere Domain als die des Absenders.",
    "date-in-future": "Die E-Mail trägt ein Datum in der Zukunft.",
    "link-shows-another-host": "Ein Link in der E-Mail zeigt eine Adresse an und führt zu einer anderen.",
    "name-shows-another-address":
      "Der Name des Absenders zeigt eine andere Adresse als die, die verwendet wurde.",
    "several-senders": "Die E-Mail nennt mehrere Absender.",
  },
  junk: "Die E-Mail liegt in Ihrem Spam-Ordner. Gehört sie in den Posteingang, verschieben Sie sie zuerst dorthin.",
  failures: {
    "password-needed":
      "Die Freigabe ist durch ein Passwort geschützt. Sie erfahren es von der Person, die sie erstellt hat.",
    "password-rejected":
      "Das Passwort wurde nicht angenommen. Bitte fragen Sie bei der Person nach, die die Freigabe erstellt hat, und versuchen Sie es noch einmal.",
    gone: "Die Freigabe gibt es nicht mehr, oder sie wurde zurückgezogen. Bitten Sie darum, sie neu zu erstellen.",
    "broken-link":
      "Der Link in der E-Mail führt zu keiner Freigabe, die eingebunden werden kann. Bitten Sie darum, sie neu zu erstellen.",
    "not-let-in":
      "Der andere Server lässt Sie nicht hinein. Bitten Sie die Person, die die Freigabe erstellt hat, dort nach Ihrem Gastzugang zu sehen.",
    "for-nobody":
      "Die E-Mail enthält einen Link für jedermann. Einbinden lassen sich nur Freigaben für Ihre eigene Adresse: Bitten Sie um eine Einladung an diese.",
    "for-another-address":
      "Die Freigabe gilt für eine andere Adresse. Bitten Sie darum, eine Ihrer Adressen einzuladen.",
    "single-file":
      "Freigegeben wurde eine einzelne Datei, einbinden lassen sich aber nur Ordner. Öffnen Sie den Link in der ursprünglichen E-Mail, oder bitten Sie um die Freigabe des Ordners.",
    "kind-not-followed":
      "Freigaben dieser Art lassen sich für Sie nicht einbinden. Den Link in der ursprünglichen E-Mail können Sie trotzdem öffnen.",
    "needs-own-server":
      "Kalender lassen sich nur über Ihre eigene Groupware einbinden. Ihr Administrator kann sie verbinden.",
    "needs-own-host":
      "Freigaben einer Cozy werden von einer eigenen Adresse hier beantwortet, und Sie haben noch keine. Ihr Administrator kann Ihnen eine geben.",
    "product-not-followed":
      "Freigaben dieses Produkts lassen sich noch nicht einbinden. Den Link in der ursprünglichen E-Mail können Sie trotzdem öffnen.",
    "invitation-over":
      "Die Einladung wurde benutzt oder zurückgezogen, oder ihre Zeit ist um. Bitten Sie um eine neue.",
    "not-trusted-there":
      "Der andere Server nimmt niemanden von diesem hier an. Ihr Administrator kann darum bitten.",
    junk: "Die ursprüngliche E-Mail liegt in Ihrem Spam-Ordner, und aus solchen E-Mails folgt nichts. Verschieben Sie sie zuerst in den Posteingang.",
    other:
      "Es hat nicht geklappt. Den Link in der ursprünglichen E-Mail können Sie trotzdem öffnen, oder Sie fragen Ihren Administrator.",
  },
};
