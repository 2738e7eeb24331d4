import type { Phrases } from "./wanted.ts";

export const fr: Phrases = {
  quoted: (title) => `« ${title} »`,
  unnamed: {
    files: "des fichiers",
    calendar: "un agenda",
    contacts: "un carnet d’adresses",
    tasks: "une liste de tâches",
    invitation: "une invitation de cloud à cloud",
    other: "un contenu",
  },
  anyFiles: "Fichiers et dossiers",
  checked: (domain) => `L’expéditeur est authentique : le message vient bien de ${domain}.`,
  signed: (host) => `L’expéditeur est authentique : le partage vient bien de ${host}.`,
  trustedSender: "Vous faites confiance à cet expéditeur.",
  knownContact: "L’expéditeur fait partie de vos contacts.",
  unchecked: "L’expéditeur n’a pas pu être vérifié. N’importe qui peut avoir écrit ce message sous ce nom.",
  linkElsewhere: (host) =>
    `Le partage se trouve sur ${host}, qui n’appartient pas au domaine de l’expéditeur.`,
  marks: {
    punycode: ({ shown, asked }) =>
      `Le nom ${shown} comporte des caractères particuliers ; sa forme technique est ${asked}.`,
    "mixed-script": ({ shown, asked }) =>
      `Le nom ${shown} mélange des lettres de plusieurs alphabets ; il s’agit en réalité de ${asked}.`,
    "look-alike": ({ shown, asked }) =>
      shown === asked
        ? `Le nom ${shown} ressemble à un nom que vous connaissez, mais en est un autre.`
        : `Le nom ${shown} ressemble à un autre ; il s’agit en réalité de ${asked}.`,
  },
  signals: {
    "reply-to-elsewhere": "Une réponse partirait vers un autre domaine que celui de l’expéditeur.",
    "date-in-future": "Le message porte une date située dans le futur.",
    "link-shows-another-host": "Un lien du message affiche une adresse et mène à une autre.",
    "name-shows-another-address":
      "Le nom de l’expéditeur affiche une autre adresse que celle qui a été utilisée.",
    "several-senders": "Le message indique plusieurs expéditeurs.",
  },
  junk: "Le message se trouve dans vos indésirables. S’il a sa place dans votre boîte de réception, déplacez-le d’abord.",
  failures: {
    "password-needed":
      "Le partage est protégé par un mot de passe. La personne qui partage peut vous l’indiquer.",
    "password-rejected":
      "Le mot de passe n’a pas été accepté. Demandez-le à la personne qui partage, puis réessayez.",
    gone: "Le partage n’existe plus ou a été retiré. Demandez à la personne de le créer à nouveau.",
    "broken-link":
      "Le lien du message ne mène à aucun partage qui puisse être suivi. Demandez à la personne de le créer à nouveau.",
    "not-let-in":
      "L’autre serveur ne vous laisse pas entrer. Demandez à la personne qui partage de vérifier votre accès invité.",
    "for-nobody":
      "Le message contient un lien ouvert à tous. Seuls les partages destinés à votre propre adresse peuvent être suivis : demandez une invitation à celle-ci.",
    "for-another-address":
      "Le partage est destiné à une autre adresse. Demandez que l’une des vôtres soit invitée.",
    "single-file":
      "Un seul fichier a été partagé, et seuls les dossiers peuvent être suivis. Ouvrez le lien du message d’origine, ou demandez le partage du dossier.",
    "kind-not-followed":
      "Les partages de ce type ne peuvent pas être suivis pour vous. Le lien du message d’origine reste utilisable.",
    "needs-own-server":
      "Un agenda ne peut être suivi que par votre propre messagerie collaborative. Votre administrateur peut la relier.",
    "needs-own-host":
      "Les partages d’un Cozy reçoivent leur réponse d’une adresse à vous ici, et vous n’en avez pas encore. Votre administrateur peut vous en donner une.",
    "product-not-followed":
      "Les partages de ce produit ne peuvent pas encore être suivis. Le lien du message d’origine reste utilisable.",
    "invitation-over":
      "L’invitation a été utilisée ou retirée, ou son délai est passé. Demandez-en une autre à la personne qui l’a envoyée.",
    "not-trusted-there":
      "L’autre serveur n’accepte personne de celui-ci. Votre administrateur peut le demander.",
    junk: "Le message d’origine se trouve dans vos indésirables, et rien ne découle d’un tel message. Déplacez-le d’abord dans votre boîte de réception.",
    other:
      "Cela n’a pas fonctionné. Le lien du message d’origine reste utilisable ; vous pouvez aussi demander à votre administrateur.",
  },
};
