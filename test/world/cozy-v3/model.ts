import { randomBytes, randomInt } from "node:crypto";

export type MemberStatus = "owner" | "mail-not-sent" | "pending" | "seen" | "ready" | "revoked";

/** Empty fields are left out on the wire, as everywhere in this model. */
export interface Member {
  status: MemberStatus;
  /** From the contacts of this Cozy; private. */
  name: string;
  public_name: string;
  email: string;
  /** `https://host`, without a slash at its end. */
  instance: string;
  read_only: boolean;
  only_in_groups: boolean;
  groups: number[];
}

export interface Group {
  readonly id: string;
  readonly name: string;
  /** Index of the member that added it. */
  readonly addedBy: number;
  readonly read_only: boolean;
  revoked: boolean;
}

export interface Rule {
  readonly title: string;
  readonly doctype: string;
  values: readonly string[];
  mime: string;
  readonly selector: string;
  readonly local: boolean;
  readonly add: string;
  readonly update: string;
  readonly remove: string;
}

export interface Client {
  readonly client_id: string;
  readonly client_secret: string;
  readonly client_secret_expires_at: number;
  readonly registration_access_token: string;
  readonly redirect_uris: readonly string[];
  readonly client_name: string;
  readonly client_kind: string;
  readonly client_uri: string;
  readonly software_id: string;
}

export interface AccessToken {
  readonly token_type: string;
  readonly access_token: string;
  readonly refresh_token: string;
  readonly scope: string;
}

/** The owner's `credentials[i]` belong to `members[i + 1]`; a recipient has one for the owner. */
export interface Credentials {
  state: string;
  xor_key: readonly number[];
  /** The other side registered this Cozy under it. */
  client: Client | null;
  access_token: AccessToken | null;
  /** The client that this Cozy gave to the other side. */
  inbound_client_id: string;
  drive_token: string;
}

/** Document of doctype io.cozy.sharings (reference/cozy.md 7.1). */
export interface Sharing {
  readonly id: string;
  active: boolean;
  readonly owner: boolean;
  open_sharing: boolean;
  description: string;
  app_slug: string;
  preview_path: string;
  created_at: string;
  updated_at: string;
  rules: Rule[];
  members: Member[];
  groups: Group[];
  credentials: Credentials[];
  initial_number_of_files_to_sync: number;
  initial_sync: boolean;
  shortcut_id: string;
  drive: boolean;
  drive_root_type: string;
  org_drive: boolean;
}

export function newSharing(fields: Partial<Sharing> & Pick<Sharing, "id" | "owner">): Sharing {
  const now = new Date().toISOString();
  return {
    active: false,
    open_sharing: false,
    description: "",
    app_slug: "",
    preview_path: "",
    created_at: now,
    updated_at: now,
    rules: [],
    members: [],
    groups: [],
    credentials: [],
    initial_number_of_files_to_sync: 0,
    initial_sync: false,
    shortcut_id: "",
    drive: false,
    drive_root_type: "",
    org_drive: false,
    ...fields,
  };
}

export function newMember(fields: Partial<Member>): Member {
  const nobody = { name: "", public_name: "", email: "", instance: "" };
  const plain = { read_only: false, only_in_groups: false, groups: [] };
  return { status: "mail-not-sent", ...nobody, ...plain, ...fields };
}

export function newCredentials(fields: Partial<Credentials> = {}): Credentials {
  return { ...noCredentials(), state: newState(), xor_key: newXorKey(), ...fields };
}

/** What is left of credentials after a revocation. */
export function noCredentials(): Credentials {
  const none = { client: null, access_token: null, inbound_client_id: "", drive_token: "" };
  return { state: "", xor_key: [], ...none };
}

/** 32 hexadecimal digits. */
export function newId(): string {
  return randomBytes(16).toString("hex");
}

/** 16 random bytes in base64url: 22 characters (reference/cozy.md 3.4). */
export function newState(): string {
  return randomBytes(16).toString("base64url");
}

function newXorKey(): readonly number[] {
  return Array.from({ length: 16 }, () => randomInt(16));
}

/** Each hexadecimal digit of an id XORed with the member's key; the same again gives the id back (reference/cozy.md 7.1). */
export function xorId(id: string, key: readonly number[]): string {
  if (key.length === 0) return id;
  return id.toLowerCase().replaceAll(/[0-9a-f]/g, (digit, index: number) => {
    const changed = Number.parseInt(digit, 16) ^ (key[index % key.length] ?? 0);
    return changed.toString(16);
  });
}

/** The owner of a sharing, its first member. */
export function ownerOf(sharing: Sharing): Member {
  const [first] = sharing.members;
  if (first === undefined) throw new Error(`The sharing ${sharing.id} has no members.`);
  return first;
}

/** An object without its empty fields, as a Cozy writes its documents. */
export function withoutEmpty(whole: object): Record<string, unknown> {
  const kept = Object.entries(whole).filter(
    ([, value]) =>
      value !== "" &&
      value !== false &&
      value !== null &&
      value !== 0 &&
      !(Array.isArray(value) && value.length === 0),
  );
  return Object.fromEntries(kept);
}

/** A sharing for an app: everything but credentials. */
export function sharingDocument(sharing: Sharing): object {
  const { id, credentials: _, members, rules, groups, ...attributes } = sharing;
  return {
    type: "io.cozy.sharings",
    id,
    attributes: {
      ...withoutEmpty(attributes),
      rules: rules.map(withoutEmpty),
      members: members.map(withoutEmpty),
      ...(groups.length === 0 ? {} : { groups: groups.map(groupDocument) }),
    },
    links: { self: `/sharings/${id}` },
  };
}

/** A member as other Cozys get to see it: the name is private, and so is the address of its Cozy. */
export function publicMember(member: Member): object {
  return withoutEmpty({ ...member, name: "", instance: "" });
}

/** `addedBy` may be 0, the owner, and stays. */
export function groupDocument(group: Group): object {
  return { ...withoutEmpty(group), addedBy: group.addedBy };
}
