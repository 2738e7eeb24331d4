import type { CozyMemberRow, CozySharingRow } from "../store/cozy-sharings.ts";
import type { Db } from "../store/store.ts";

/**
 * What one generation does when an account's application asks (sharings-api/), or another Cozy that has proved who it is.
 * Everything runs in the caller's transaction and may be repeated: it plans calls to Cozys (`tell-member`) and mails
 * (mails.ts), and makes none itself. One member that cannot be asked or told never keeps the others from it.
 */
export interface OwnerActions {
  /** The id that both sides will know a new sharing by: in v1a random letters, else the document's own. */
  newShareId(documentId: string): string;
  /** What a new member begins with, in this generation's words. */
  newMember(about: NewMember): NewMemberState;
  /** Asks those members who were not asked, or may be asked again. */
  invite(db: Db, sharing: CozySharingRow): Promise<void>;
  /**
   * Lets a member whom it was taken back from begin anew, with a new secret; he is asked by `invite`. Left out where a
   * generation has no way back.
   */
  renewMember?(db: Db, sharing: CozySharingRow, member: CozyMemberRow, renewed: RenewedMember): Promise<void>;
  /** Those who have accepted hear who the members are now, where a generation has that. */
  tellMembers?(db: Db, sharing: CozySharingRow): Promise<void>;
  /** The owner takes the sharing back from one member. With the last one it ends where the generation says so (`endOwnSharing`). */
  revokeMember(db: Db, sharing: CozySharingRow, member: CozyMemberRow): Promise<void>;
  /** The owner takes the whole sharing back, which is marked as ended already (`endOwnSharing`); the members are left to do. */
  revokeAll(db: Db, sharing: CozySharingRow): Promise<void>;
  /** The account was invited, and ends it: what it has here of the sharer goes, and the sharer is told. */
  leave(db: Db, sharing: CozySharingRow): Promise<void>;
  /** A member's Cozy tells the owner that it ended there. */
  memberLeft(db: Db, sharing: CozySharingRow, member: CozyMemberRow): Promise<void>;
  /** The sharer's Cozy tells somebody invited that it ended. */
  endedBySharer(db: Db, sharing: CozySharingRow): Promise<void>;
}

export interface RenewedMember {
  readonly isReadOnly: boolean;
}

export interface NewMember {
  /** The account's own host: `https://host[:port]`. */
  readonly ownUrl: string;
  readonly documentId: string;
  readonly sharingType: string;
  readonly contactId: string | null;
  readonly address: string | null;
  /** `https://host[:port]` of his Cozy; null while it is not known. */
  readonly instanceUrl: string | null;
}

export interface NewMemberState {
  /** cozy_member.status. */
  readonly status: string;
  /** What his answer has to carry: preToken, sharecode, state; null where the share id is all that he has. */
  readonly secret: string | null;
}
