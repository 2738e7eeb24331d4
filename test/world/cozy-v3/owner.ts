import { randomBytes } from "node:crypto";
import { sendAnswer } from "./accept.ts";
import { createSharing } from "./apps.ts";
import { files } from "./documents.ts";
import { type AppPermission, type Instance, sharingOf } from "./instance.ts";
import { appOrigin } from "./links.ts";
import { newId, type Rule, type Sharing } from "./model.ts";
import { addRecipients } from "./recipients.ts";
import { pushAll, pushChange } from "./replicate.ts";
import { leave, revokeAll, revokeGroup, revokeMember } from "./revoke.ts";
import { setReadOnly } from "./rights.ts";
import { newPlainCode } from "./sharecodes.ts";
import { openLink } from "./visit.ts";

export interface ContactSpec {
  readonly name: string;
  readonly email?: string;
  /** `https://host` of the contact's Cozy. */
  readonly cozy?: string;
  /** Ids that `addGroup` gave. */
  readonly groups?: readonly string[];
  readonly trustedForSharing?: boolean;
}

export interface FileSpec {
  readonly name: string;
  readonly content: string | Buffer;
  /** `text/plain` unless given. */
  readonly mime?: string;
  /** Id of the directory that it lies in; the root unless given. */
  readonly directory?: string;
}

export interface ShareSpec {
  readonly description: string;
  readonly rules: readonly Partial<Rule>[];
  /** Ids that `addContact` or `addGroup` gave. */
  readonly recipients?: readonly string[];
  readonly readOnlyRecipients?: readonly string[];
  /** `drive` unless given. */
  readonly appSlug?: string;
  /** A page of the app; with it the link is a preview. */
  readonly previewPath?: string;
  readonly isOpen?: boolean;
  readonly isDrive?: boolean;
}

/** What the owner of an emulated Cozy does. Ids and links in, ids out; a step that is refused throws a Refusal. */
export function ownerControls(instance: Instance) {
  return { ...belongings(instance), ...sharingControls(instance) };
}

function belongings({ contacts, groups, documents, apps, logins }: Instance) {
  return {
    addGroup: (name: string): string => {
      const id = newId();
      groups.set(id, name);
      return id;
    },
    addContact: (spec: ContactSpec): string => {
      const id = newId();
      const plain = { email: "", cozy: "", groups: [], trustedForSharing: false };
      contacts.set(id, { id, ...plain, ...spec });
      return id;
    },
    addDirectory: (name: string, parent = "io.cozy.files.root-dir"): string =>
      documents.write(files, newId(), { type: "directory", name, dir_id: parent }).id,
    /** An app with its token; the permissions say what it may share. */
    addApp: (slug: string, permissions: readonly AppPermission[]): string => {
      const token = randomBytes(16).toString("base64url");
      apps.set(token, { slug, permissions });
      return token;
    },
    /** Value of the cookie of a new browser session. */
    logIn: (): string => {
      const session = newId();
      logins.add(session);
      return session;
    },
  };
}

function sharingControls(instance: Instance) {
  return {
    addFile: (spec: FileSpec): string => addFile(instance, spec),
    addDocument: (doctype: string, fields: object, id = newId()): string => {
      pushChange(instance, instance.documents.write(doctype, id, fields), "add");
      return id;
    },
    change: (doctype: string, id: string, fields: object, content: string | null = null): void => {
      const bytes = content === null ? null : Buffer.from(content);
      pushChange(instance, instance.documents.write(doctype, id, fields, bytes), "update");
    },
    remove: async (doctype: string, id: string): Promise<void> => remove(instance, doctype, id),
    share: async (spec: ShareSpec): Promise<string> => share(instance, spec),
    invite: async (id: string, contacts: readonly string[]): Promise<void> => {
      await addRecipients(instance, id, invitees(instance, contacts, []));
    },
    /** What a person does with the link of a mail: the own Cozy knows of the sharing afterwards. Gives the sharing's id. */
    open: async (link: string): Promise<string> => openLink(instance, link),
    accept: async (id: string): Promise<void> => {
      const sharing = sharingOf(instance, id);
      await sendAnswer(instance, sharing, sharing.credentials[0]?.state ?? "");
    },
    leave: async (id: string): Promise<void> => leave(instance, id),
    revoke: async (id: string): Promise<void> => revokeAll(instance, id),
    revokeMember: async (id: string, index: number): Promise<void> => revokeMember(instance, id, index),
    revokeGroup: async (id: string, index: number): Promise<void> => revokeGroup(instance, id, index),
    setReadOnly: async (id: string, index: number, isReadOnly: boolean): Promise<void> =>
      setReadOnly(instance, id, index, isReadOnly),
    /** Once more everything to a member: what the product does by itself after a minute. */
    push: (id: string, index: number): void => {
      const sharing = sharingOf(instance, id);
      const member = sharing.members[index];
      if (member !== undefined) pushAll(instance, sharing, member);
    },
    /** A link of the same form to a page of an app, with no sharing between Cozys behind it. */
    shareByLink: (slug = "drive"): string =>
      `${appOrigin(instance, slug)}/public?sharecode=${newPlainCode(instance)}`,
  };
}

function addFile(instance: Instance, { name, content, mime = "text/plain", directory }: FileSpec): string {
  const fields = { type: "file", name, mime, dir_id: directory ?? "io.cozy.files.root-dir" };
  const made = instance.documents.write(files, newId(), fields, Buffer.from(content));
  pushChange(instance, made, "add");
  return made.id;
}

async function share(instance: Instance, spec: ShareSpec): Promise<string> {
  const { description, rules, recipients = [], readOnlyRecipients = [], isDrive = false } = spec;
  const made = await createSharing(instance, spec.appSlug ?? "drive", {
    type: "io.cozy.sharings",
    attributes: {
      description,
      preview_path: spec.previewPath ?? "",
      open_sharing: spec.isOpen ?? false,
      drive: isDrive,
      drive_root_type: isDrive ? "directory" : "",
      org_drive: false,
      rules: rules.map(wholeRule),
    },
    relationships: invitees(instance, recipients, readOnlyRecipients),
  });
  return made.id;
}

function wholeRule({ values = [], ...rule }: Partial<Rule>) {
  const verbs = { add: "sync", update: "sync", remove: "sync" };
  const plain = { title: "rule", doctype: files, mime: "", selector: "", local: false, ...verbs };
  return { ...plain, ...rule, values: [...values] };
}

function invitees({ groups }: Instance, recipients: readonly string[], readOnly: readonly string[]) {
  const named = (id: string) => ({
    type: groups.has(id) ? "io.cozy.contacts.groups" : "io.cozy.contacts",
    id,
  });
  return { recipients: recipients.map(named), read_only_recipients: readOnly.map(named) };
}

/** The end of a document, and after its rule that of the sharing; a recipient that puts the shared root away leaves. */
async function remove(instance: Instance, doctype: string, id: string): Promise<void> {
  const isRoot = ({ rules }: Sharing): boolean =>
    rules.some((rule) => rule.doctype === doctype && rule.values.includes(id));
  const ended = [...instance.sharings.values()].filter((sharing) => sharing.active && isRoot(sharing));
  const gone = instance.documents.remove(doctype, id);
  for (const sharing of ended) {
    const isEnd = sharing.rules.some(
      (rule) => rule.values.includes(id) && (rule.remove === "revoke" || doctype === files),
    );
    if (isEnd) await (sharing.owner ? revokeAll(instance, sharing.id) : leave(instance, sharing.id));
  }
  if (gone !== null) pushChange(instance, gone, "remove");
}
