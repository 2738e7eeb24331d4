import { randomBytes, randomInt } from "node:crypto";
import type { NewMember, NewMemberState, OwnerActions } from "../owner-actions.ts";
import type { InstanceParts } from "../parts.ts";
import { inviteMembers } from "./sharer-invite.ts";
import { memberLeft, revokeAll, revokeMember } from "./sharer-revoke.ts";

/** What the owner of a sharing does; the rest of OwnerActions is for who was invited. */
export type SharerActions = Omit<OwnerActions, "leave" | "endedBySharer">;

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** For both: a sharing of v1a is known by random letters, one of v1b by its document (reference/cozy.md 5.2, 6). */
export function sharerActions(parts: InstanceParts): Readonly<Record<"v1a" | "v1b", SharerActions>> {
  const common = {
    invite: async (db, sharing) => inviteMembers(db, sharing, parts),
    revokeMember: async (db, sharing, member) => revokeMember(db, { sharing, member }, parts),
    revokeAll: async (db, sharing) => revokeAll(db, sharing, parts),
    memberLeft: async (db, sharing, member) => memberLeft(db, { sharing, member }, parts),
  } satisfies Omit<SharerActions, "newShareId" | "newMember">;
  return {
    v1a: {
      ...common,
      newShareId: () => Array.from({ length: 32 }, () => letters[randomInt(letters.length)]).join(""),
      newMember: () => ({ status: "mail-not-sent", secret: null }),
    },
    v1b: { ...common, newShareId: (documentId) => documentId, newMember: newSharecode },
  };
}

/** A JWT for the audience `share`. Nobody but this Cozy reads it, and that compares it whole: the signature is random. */
function newSharecode({ ownUrl, contactId }: NewMember): NewMemberState {
  const issuedAt = Math.floor(Date.now() / 1000);
  const claims = { aud: "share", iat: issuedAt, iss: URL.parse(ownUrl)?.host ?? "", sub: contactId ?? "" };
  const signature = randomBytes(64).toString("base64url");
  const secret = `${encoded({ alg: "HS512", typ: "JWT" })}.${encoded(claims)}.${signature}`;
  return { status: "mail-not-sent", secret };
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
