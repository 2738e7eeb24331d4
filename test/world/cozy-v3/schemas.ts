import { z } from "zod";
import { document } from "./wire.ts";

// Fields that are empty on the wire are left out or null; the model has them empty.
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? "");
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);
const number = z
  .number()
  .nullish()
  .transform((value) => value ?? 0);

function list<Item extends z.ZodType>(item: Item) {
  return z
    .array(item)
    .nullish()
    .transform((value): z.output<Item>[] => value ?? []);
}

const client = z.object({
  client_id: z.string().min(1),
  client_secret: z.string().min(1),
  client_secret_expires_at: number,
  registration_access_token: text,
  redirect_uris: list(z.string()),
  client_name: text,
  client_kind: text,
  client_uri: text,
  software_id: text,
});

const accessToken = z.object({
  token_type: text,
  access_token: z.string().min(1),
  refresh_token: text,
  scope: text,
});

const rule = z.object({
  title: text,
  doctype: text,
  values: list(z.string()),
  mime: text,
  selector: text,
  local: flag,
  add: text,
  update: text,
  remove: text,
});

const status = z.enum(["owner", "mail-not-sent", "pending", "seen", "ready", "revoked"]);

const member = z.object({
  status: status.default("mail-not-sent"),
  name: text,
  public_name: text,
  email: text,
  instance: text,
  read_only: flag,
  only_in_groups: flag,
  groups: list(z.number()),
});

const group = z.object({
  id: text,
  name: text,
  addedBy: number,
  read_only: flag,
  revoked: flag,
});

/** What PUT /sharings/:id brings (reference/cozy.md 7.4). */
export const sharingRequest = document(
  "io.cozy.sharings",
  z.object({
    description: text,
    app_slug: text,
    preview_path: text,
    open_sharing: flag,
    drive: flag,
    drive_root_type: text,
    org_drive: flag,
    rules: list(rule),
    members: list(member),
    groups: list(group),
    initial_number_of_files_to_sync: number,
    created_at: text,
    updated_at: text,
    credentials: list(z.object({ drive_token: text, state: text })),
  }),
);

const reference = z.object({ type: z.string(), id: z.string() });
const references = z
  .object({ data: list(reference) })
  .nullish()
  .transform((value) => value?.data ?? []);

const relationships = z
  .object({ recipients: references, read_only_recipients: references })
  .nullish()
  .transform((value) => value ?? { recipients: [], read_only_recipients: [] });

/** POST /sharings/ by an app. */
export const creation = z.object({
  data: z.object({
    type: z.literal("io.cozy.sharings"),
    attributes: z.object({
      description: text,
      preview_path: text,
      open_sharing: flag,
      drive: flag,
      drive_root_type: text,
      org_drive: flag,
      rules: list(rule),
    }),
    relationships,
  }),
});

/** POST /sharings/:id/recipients by an app. */
export const addition = z.object({
  data: z.object({ type: z.literal("io.cozy.sharings"), relationships }),
});

/** POST /sharings/:id/recipients/delegated by a member (reference/cozy.md 7.7). */
export const delegation = z.object({
  data: z.object({
    relationships: z.object({
      recipients: z.object({ data: list(member) }),
      groups: z
        .object({ data: list(group) })
        .nullish()
        .transform((value) => value?.data ?? []),
    }),
  }),
});

export const delegated = z.record(z.string(), z.string());

/** PUT /sharings/:id/recipients. */
export const memberList = z.object({ data: list(member), included: list(group) });

/** POST /sharings/:id/answer, and what a member gets when its rights change. */
export const answer = document(
  "io.cozy.sharings.answer",
  z.object({
    public_name: text,
    state: text,
    client: client.nullish(),
    access_token: accessToken.nullish(),
    bitwarden: z.object({ user_id: text, public_key: text }).nullish(),
  }),
);

/** What the owner answers to it. */
export const answered = document(
  "io.cozy.sharings.answer",
  z.object({ client, access_token: accessToken, xor_key: text }),
);

export const rights = document("io.cozy.sharings.answer", z.object({ access_token: accessToken }));

export const moved = document(
  "io.cozy.sharings.moved",
  z.object({ new_instance: z.string().min(1), access_token: text, refresh_token: text }),
);

/** One document of a replication, with its history as CouchDB writes it. */
export const replicated = z
  .looseObject({
    _id: z.string().min(1),
    _rev: z.string().min(1),
    _deleted: flag,
    _revisions: z.object({ start: z.number(), ids: z.array(z.string()).min(1) }),
  })
  .transform(({ _id: id, _rev: rev, _deleted: isDeleted, _revisions: { ids: history }, ...fields }) => ({
    id,
    rev,
    isDeleted,
    history,
    fields,
  }));

export const revisions = z.record(z.string(), z.array(z.string()));
export const missing = z.record(z.string(), z.object({ missing: list(z.string()) }));
export const bulk = z.record(z.string(), z.array(replicated));
export const uploadKey = z.object({ key: z.string().min(1) });
