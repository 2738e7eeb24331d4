import { escaped } from "../cozy-v1a/stack/html.ts";
import { type Letter, writeLetter } from "../cozy-v1a/stack/letters.ts";
import { contactOf } from "../cozy-v1a/stack/sharing.ts";
import { type CozyV1bState, type Invited, nameOf } from "./sharing.ts";

/** `<app sub-domain><preview_path>` where both are set, else the discovery of the sharing (reference/cozy.md 3.3). */
function invitationLink({ origin, domain }: CozyV1bState, { sharing, code }: Invited): string {
  const query = String(new URLSearchParams({ sharecode: code }));
  const { appSlug, previewPath, id } = sharing;
  return appSlug !== "" && previewPath !== ""
    ? `https://${appSlug}.${domain}${previewPath}?${query}`
    : `${origin}/sharings/${id}/discovery?${query}`;
}

/** The mail of v1b, HTML first, in English (reference/cozy.md 2.3); its sentences are our own. */
export function invitation(cozy: CozyV1bState, invited: Invited): Letter {
  const { contactId } = invited.party;
  const { publicName, hostname, ownerMail, domain } = cozy;
  const address = contactOf(cozy, contactId)?.mail ?? "";
  const name = nameOf(cozy, contactId);
  const link = invitationLink(cozy, invited);
  const said = invited.sharing.description === "" ? "Surprise!" : invited.sharing.description;
  const lines = [
    `Hello ${name},`,
    `${publicName} wants to share something with you.`,
    `Description: ${said}`,
  ];
  const paragraphs = lines.map((line) => `<p>${escaped(line)}</p>`);
  const href = escaped(link);
  const html = [
    ...paragraphs,
    `<p><a href="${href}">Accept this sharing</a></p>`,
    `<p>If the button does not work, open this address: <a href="${href}">${href}</a></p>`,
    "<p>Yours truly</p>",
  ];
  return writeLetter({
    from: { name: publicName, address: `noreply@${hostname}` },
    to: { name, address },
    replyTo: { name: publicName, address: ownerMail },
    subject: "New sharing request for your Cozy",
    moreHeaders: [`X-Cozy: ${domain}`],
    parts: [
      { subtype: "html", text: `<!DOCTYPE html>\n<html><body>\n${html.join("\n")}\n</body></html>\n` },
      { subtype: "plain", text: [...lines, link, "Yours truly", ""].join("\n") },
    ],
  });
}
