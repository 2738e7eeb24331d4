import { escaped } from "./stack/html.ts";
import { type Letter, writeLetter } from "./stack/letters.ts";
import type { Stack } from "./stack/stack.ts";

type Sender = Pick<Stack, "hostname" | "ownerMail" | "publicName">;

/** The mail for both kinds of link (reference/cozy.md 2.2); its sentences are our own. */
export function sharingRequest(sender: Sender, to: string, description: string, link: string): Letter {
  const { publicName } = sender;
  const said = description === "" ? "[No description provided]" : description;
  const lines = [
    `Hello ${to},`,
    `${publicName} wants to share a document with you. You can only look at it.`,
    `It is described as: ${said}`,
  ];
  const paragraphs = lines.map((line) => `<p>${escaped(line)}</p>`).join("\n");
  const button = `<p><a href="${escaped(link)}">Accept this sharing</a></p>`;
  return writeLetter({
    from: { name: publicName, address: `noreply@${sender.hostname}` },
    to: { name: to, address: to },
    replyTo: { name: publicName, address: sender.ownerMail },
    subject: "New sharing request / Nouvelle demande de partage",
    parts: [
      { subtype: "plain", text: [...lines, link, ""].join("\n\n") },
      { subtype: "html", text: `<!DOCTYPE html>\n<html><body>\n${paragraphs}\n${button}\n</body></html>\n` },
    ],
  });
}
