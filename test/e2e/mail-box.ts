import { shareMail } from "../world/share-mail.ts";
import { authservId, type World } from "../world/world.ts";
import { shuffled } from "./seeded-random.ts";

export interface Share {
  readonly token: string;
  /** The receiving server vouched for the sender, so that the policy accepts. */
  readonly isAccepted: boolean;
  /** Every folder that some mail of this guest names. */
  readonly folders: readonly string[];
  readonly mails: readonly string[];
}

export interface MailBox {
  /** In the order of delivery. */
  readonly mails: readonly string[];
  readonly shares: readonly Share[];
  /** How many of the mails are share mails. */
  readonly shareMails: number;
}

/** Share mails among ordinary ones; every second share is of an authenticated sender. */
export function mailBox(
  world: World,
  wanted: {
    readonly recipient: string;
    readonly mails: number;
    readonly shares: number;
    readonly random: () => number;
  },
): MailBox {
  const { recipient, random } = wanted;
  const shares = Array.from({ length: wanted.shares }, (_, number) => newShare(world, recipient, number));
  const announced = shares.flatMap(({ mails }) => mails);
  const ordinary = Array.from({ length: wanted.mails - announced.length }, (_, number) =>
    ordinaryMail(number, recipient),
  );
  return {
    mails: shuffled([...announced, ...ordinary], random),
    shares,
    shareMails: announced.length,
  };
}

/** Some are mailed twice, some name two folders in two mails, and some both. */
function newShare(world: World, recipient: string, number: number): Share {
  const isAccepted = number % 2 === 0;
  const isAuthenticated = isAccepted;
  const first = world.share(recipient, { title: `Folder ${number}`, files: ["quay.odt"], isAuthenticated });
  const share = { token: first.token, isAccepted };
  const again = number % 5 < 2 ? [first.mail] : [];
  if (number % 4 > 1) return { ...share, folders: [first.folder], mails: [first.mail, ...again] };
  const second = `${8000 + number}`;
  const title = `Second folder ${number}`;
  world.origin.addFolder({ id: second, title, guests: [first.token] });
  const more = shareMail({
    link: world.origin.link(first.token, second, { version: 2 }),
    sharer: { name: "Alice Sender", address: "alice@origin.example" },
    recipient,
    title,
    ...(isAuthenticated
      ? { authenticationResults: `${authservId}; dmarc=pass header.from=origin.example` }
      : {}),
  });
  return { ...share, folders: [first.folder, second], mails: [first.mail, ...again, more] };
}

/** Shapes of ordinary mail; none of them is a share notification. */
const shapes: readonly ((number: number) => readonly string[])[] = [
  (number) => [`Message-ID: <${number}@example.net>`, "", "Shall we meet at the quay?"],
  // Without a Message-ID, and with bytes beyond ASCII.
  () => ["Content-Type: text/plain; charset=UTF-8", "", "Grüße vom Hafen, bis später."],
  (number) => [
    `Message-ID: <${number}@list.example.net>`,
    "List-Unsubscribe: <https://list.example.net/leave>",
    "Precedence: bulk",
    "Content-Type: text/html; charset=UTF-8",
    "",
    '<p>News. <a href="https://list.example.net/ajax/share/1">View folder</a></p>',
  ],
  (number) => [
    `Message-ID: <${number}@mx.example.net>`,
    "Auto-Submitted: auto-replied",
    "",
    "I am away until Monday.",
  ],
  (number) => [
    `Message-ID: <${number}@attached.example.net>`,
    'Content-Type: multipart/mixed; boundary="seam"',
    "",
    "--seam",
    "Content-Type: text/plain",
    "",
    "The plan is attached. The header X-Open-Xchange-Share-URL stands in this text only.",
    "--seam",
    "Content-Type: application/octet-stream",
    "Content-Transfer-Encoding: base64",
    "Content-Disposition: attachment; filename=plan.bin",
    "",
    Buffer.alloc(6000, number).toString("base64"),
    "--seam--",
  ],
  // A header block that no program should have written.
  (number) => [`Message-ID: ${number}`, "Broken header line", "X-Long: " + "a".repeat(900), "", "Odd."],
];

function ordinaryMail(number: number, recipient: string): string {
  const shape = shapes[number % shapes.length] ?? (() => ["", "Empty."]);
  const head = [
    "From: Carla <carla@example.net>",
    `To: ${recipient}`,
    `Subject: Ordinary mail ${number}`,
    `Date: ${new Date().toUTCString()}`,
    "MIME-Version: 1.0",
  ];
  return [...head, ...shape(number), ""].join("\r\n");
}
