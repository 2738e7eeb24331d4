import type { Locale } from "../locale.ts";
import type { MailFailure } from "../mail-failure.ts";

/** Why an invitation did not arrive and the way out, in one or two sentences for the person who sent it. */
export function mailFailureWords(reason: string | null, locale: Locale): string {
  const words = sentences[locale];
  return isMailFailure(reason) ? words[reason] : words.other;
}

function isMailFailure(reason: string | null): reason is MailFailure {
  return reason !== null && Object.hasOwn(sentences.en, reason);
}

type Sentences = Readonly<Record<MailFailure, string>>;

const en: Sentences = {
  "unknown-user": "This address does not exist. Please check how it is spelled.",
  "unknown-domain":
    "What stands behind the @ of this address takes no mail. Please check how the address is spelled.",
  "mailbox-full": "The mailbox is full. Invite the person again later, or at another address.",
  "mailbox-closed": "The mailbox takes no mail at present. Please ask the person for another address.",
  "too-large": "The mail was too large for the other server.",
  refused:
    "The other mail server did not want the mail. Please tell the person in another way; your administrator can find out why.",
  "international-address":
    "A mail server on the way cannot deal with letters such as those in this address. Please ask the person for another one.",
  expired:
    "Mail servers on the way did not take the mail for days. Please check the address, or try again later.",
  "server-fault": "The other mail server has a fault. Try again later, or at another address.",
  suppressed:
    "Nothing was sent, because earlier mail to this address came back. Please check the address; your administrator can release it.",
  muted:
    "Nothing was sent, because this person wants no more invitations from you. Please talk to each other in another way.",
  "not-sent": "The mail could not be sent. Your administrator can find out why.",
  other: "The mail could not be delivered. Please check the address.",
};

const de: Sentences = {
  "unknown-user": "Diese Adresse gibt es nicht. Bitte prüfen Sie, wie sie geschrieben wird.",
  "unknown-domain":
    "Was in dieser Adresse hinter dem @ steht, nimmt keine E-Mails an. Bitte prüfen Sie die Schreibweise.",
  "mailbox-full":
    "Das Postfach ist voll. Laden Sie die Person später noch einmal ein, oder unter einer anderen Adresse.",
  "mailbox-closed":
    "Das Postfach nimmt zurzeit keine E-Mails an. Bitte fragen Sie die Person nach einer anderen Adresse.",
  "too-large": "Die E-Mail war dem anderen Server zu groß.",
  refused:
    "Der andere Mailserver wollte die E-Mail nicht annehmen. Bitte sagen Sie der Person auf anderem Weg Bescheid; den Grund kann Ihr Administrator herausfinden.",
  "international-address":
    "Ein Mailserver unterwegs kommt mit Buchstaben wie denen in dieser Adresse nicht zurecht. Bitte fragen Sie die Person nach einer anderen.",
  expired:
    "Tagelang nahm kein Mailserver unterwegs die E-Mail an. Bitte prüfen Sie die Adresse, oder versuchen Sie es später noch einmal.",
  "server-fault":
    "Der andere Mailserver ist gestört. Versuchen Sie es später noch einmal, oder unter einer anderen Adresse.",
  suppressed:
    "Es wurde nichts verschickt, weil frühere E-Mails an diese Adresse zurückgekommen sind. Bitte prüfen Sie die Adresse; Ihr Administrator kann sie wieder freigeben.",
  muted:
    "Es wurde nichts verschickt, weil diese Person keine Einladungen von Ihnen mehr möchte. Bitte wenden Sie sich auf anderem Weg an sie.",
  "not-sent": "Die E-Mail konnte nicht verschickt werden. Den Grund kann Ihr Administrator herausfinden.",
  other: "Die E-Mail konnte nicht zugestellt werden. Bitte prüfen Sie die Adresse.",
};

const fr: Sentences = {
  "unknown-user": "Cette adresse n’existe pas. Veuillez vérifier son orthographe.",
  "unknown-domain":
    "Ce qui suit le @ dans cette adresse ne reçoit pas de courrier. Veuillez vérifier l’orthographe.",
  "mailbox-full": "La boîte est pleine. Invitez de nouveau cette personne plus tard, ou à une autre adresse.",
  "mailbox-closed":
    "La boîte n’accepte pas de courrier en ce moment. Demandez à cette personne une autre adresse.",
  "too-large": "L’e-mail était trop volumineux pour l’autre serveur.",
  refused:
    "L’autre serveur de messagerie n’a pas voulu de l’e-mail. Prévenez cette personne par un autre moyen ; votre administrateur peut en trouver la raison.",
  "international-address":
    "Un serveur de messagerie en chemin ne sait pas traiter des lettres comme celles de cette adresse. Demandez-en une autre à cette personne.",
  expired:
    "Pendant des jours, aucun serveur de messagerie n’a accepté l’e-mail. Veuillez vérifier l’adresse, ou réessayer plus tard.",
  "server-fault": "L’autre serveur de messagerie est en panne. Réessayez plus tard, ou à une autre adresse.",
  suppressed:
    "Rien n’a été envoyé, parce que des e-mails précédents à cette adresse sont revenus. Veuillez vérifier l’adresse ; votre administrateur peut la débloquer.",
  muted:
    "Rien n’a été envoyé, parce que cette personne ne souhaite plus recevoir d’invitations de votre part. Contactez-la par un autre moyen.",
  "not-sent": "L’e-mail n’a pas pu être envoyé. Votre administrateur peut en trouver la raison.",
  other: "L’e-mail n’a pas pu être remis. Veuillez vérifier l’adresse.",
};

const es: Sentences = {
  "unknown-user": "Esta dirección no existe. Compruebe cómo se escribe.",
  "unknown-domain":
    "Lo que sigue a la @ en esta dirección no recibe correo. Compruebe cómo se escribe la dirección.",
  "mailbox-full": "El buzón está lleno. Vuelva a invitar a esta persona más tarde, o en otra dirección.",
  "mailbox-closed": "El buzón no acepta correo por ahora. Pida otra dirección a esta persona.",
  "too-large": "El correo era demasiado grande para el otro servidor.",
  refused:
    "El otro servidor de correo no quiso el mensaje. Avise a esta persona por otro medio; su administrador puede averiguar el motivo.",
  "international-address":
    "Un servidor de correo en el camino no admite letras como las de esta dirección. Pida otra a esta persona.",
  expired:
    "Durante días, ningún servidor de correo aceptó el mensaje. Compruebe la dirección, o inténtelo más tarde.",
  "server-fault": "El otro servidor de correo tiene un fallo. Inténtelo más tarde, o con otra dirección.",
  suppressed:
    "No se envió nada, porque correos anteriores a esta dirección fueron devueltos. Compruebe la dirección; su administrador puede volver a habilitarla.",
  muted:
    "No se envió nada, porque esta persona no quiere recibir más invitaciones suyas. Póngase en contacto con ella por otro medio.",
  "not-sent": "El correo no se pudo enviar. Su administrador puede averiguar el motivo.",
  other: "El correo no se pudo entregar. Compruebe la dirección.",
};

const sentences: Readonly<Record<Locale, Sentences>> = { en, de, fr, es };
