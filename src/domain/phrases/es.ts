import type { Phrases } from "./wanted.ts";

export const es: Phrases = {
  quoted: (title) => `«${title}»`,
  unnamed: {
    files: "archivos",
    calendar: "un calendario",
    contacts: "una libreta de direcciones",
    tasks: "una lista de tareas",
    invitation: "una invitación de nube a nube",
    other: "un contenido",
  },
  anyFiles: "Archivos y carpetas",
  checked: (domain) => `El remitente es auténtico: el mensaje procede realmente de ${domain}.`,
  signed: (host) => `El remitente es auténtico: lo compartido procede realmente de ${host}.`,
  trustedSender: "Usted confía en este remitente.",
  knownContact: "El remitente es uno de sus contactos.",
  unchecked:
    "No se ha podido verificar el remitente. Cualquiera puede haber escrito este mensaje con ese nombre.",
  linkElsewhere: (host) =>
    `El contenido compartido está en ${host}, que no pertenece al dominio del remitente.`,
  marks: {
    punycode: ({ shown, asked }) =>
      `El nombre ${shown} contiene letras especiales; su forma técnica es ${asked}.`,
    "mixed-script": ({ shown, asked }) =>
      `El nombre ${shown} mezcla letras de alfabetos distintos; en realidad es ${asked}.`,
    "look-alike": ({ shown, asked }) =>
      shown === asked
        ? `El nombre ${shown} se parece a uno que usted conoce, pero es otro.`
        : `El nombre ${shown} se parece a otro; en realidad es ${asked}.`,
  },
  signals: {
    "reply-to-elsewhere": "Una respuesta iría a un dominio distinto del dominio del remitente.",
    "date-in-future": "El mensaje lleva una fecha futura.",
    "link-shows-another-host": "Un enlace del mensaje muestra una dirección y lleva a otra.",
    "name-shows-another-address":
      "El nombre del remitente muestra una dirección distinta de la que se ha usado.",
    "several-senders": "El mensaje indica varios remitentes.",
  },
  junk: "El mensaje está en su carpeta de correo no deseado. Si debe estar en la bandeja de entrada, muévalo primero allí.",
  failures: {
    "password-needed":
      "El contenido está protegido con una contraseña. La persona que lo comparte puede dársela.",
    "password-rejected":
      "La contraseña no se ha aceptado. Pídasela a la persona que lo comparte e inténtelo de nuevo.",
    gone: "El contenido ya no existe o ha dejado de compartirse. Pida que lo compartan de nuevo.",
    "broken-link":
      "El enlace del mensaje no lleva a ningún contenido que se pueda añadir. Pida que lo compartan de nuevo.",
    "not-let-in":
      "El otro servidor no le deja entrar. Pida a la persona que lo comparte que revise allí su acceso de invitado.",
    "for-nobody":
      "El mensaje contiene un enlace para cualquiera. Solo se puede añadir lo que se comparte con su propia dirección: pida una invitación para ella.",
    "for-another-address": "Se ha compartido con otra dirección. Pida que inviten a una de las suyas.",
    "single-file":
      "Se ha compartido un solo archivo, y únicamente se pueden añadir carpetas. Abra el enlace del mensaje original o pida que compartan la carpeta.",
    "kind-not-followed":
      "Los contenidos de este tipo no se pueden añadir para usted. Aun así, puede abrir el enlace del mensaje original.",
    "needs-own-server":
      "Los calendarios solo se pueden añadir a través de su propia plataforma de colaboración. Su administrador puede conectarla.",
    "needs-own-host":
      "A lo que se comparte desde un Cozy se responde desde una dirección propia aquí, y usted todavía no tiene ninguna. Su administrador puede darle una.",
    "product-not-followed":
      "Los contenidos de este producto todavía no se pueden añadir. Aun así, puede abrir el enlace del mensaje original.",
    "invitation-over":
      "La invitación se ha usado o retirado, o su plazo ha pasado. Pida otra a quien la envió.",
    "not-trusted-there": "El otro servidor no acepta a nadie de este. Su administrador puede solicitarlo.",
    junk: "El mensaje original está en su carpeta de correo no deseado, y con esos mensajes no se hace nada. Muévalo primero a la bandeja de entrada.",
    other:
      "No ha funcionado. Aun así, puede abrir el enlace del mensaje original o preguntar a su administrador.",
  },
};
