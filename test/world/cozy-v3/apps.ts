import { z } from "zod";
import type { Reply } from "../faulty-answers.ts";
import { checkRules, files } from "./documents.ts";
import { type AppPermission, type Instance, ownSharing, sharingOf } from "./instance.ts";
import { sendInvitations } from "./invite.ts";
import { addInvitees } from "./members.ts";
import { newId, newMember, newSharing, type Rule, type Sharing, sharingDocument } from "./model.ts";
import { sharingClient } from "./oauth.ts";
import { pushAll } from "./replicate.ts";
import { addition, creation } from "./schemas.ts";
import { addRecipients } from "./recipients.ts";
import { countNews } from "./shortcuts.ts";
import { useCode } from "./sharecodes.ts";
import { type CozyRequest, escaped, jsonApi, nothing, readJson, Refusal } from "./wire.ts";

type Creation = z.output<typeof creation>["data"];

const allVerbs = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/** POST /sharings/ by an app: 201, though the product's documents say 200 (reference/cozy.md 7.4). */
export async function create(instance: Instance, request: CozyRequest): Promise<Reply> {
  const app = appOf(instance, request);
  const { data } = readJson(request.body, creation);
  checkRules(data.attributes.rules);
  permit(app.permissions, data.attributes.rules, allVerbs);
  const sharing = await createSharing(instance, app.slug, data);
  return jsonApi(201, { data: sharingDocument(sharing) });
}

/** Throws 400 where somebody cannot be invited, though the sharing stands from then on (reference/cozy.md 7.2). */
export async function createSharing(
  instance: Instance,
  appSlug: string,
  { attributes, relationships }: Creation,
): Promise<Sharing> {
  checkRules(attributes.rules);
  const { publicName, email } = instance.owner;
  const self = newMember({ status: "owner", public_name: publicName, email, instance: instance.origin });
  const sharing = newSharing({
    id: newId(),
    owner: true,
    ...attributes,
    app_slug: appSlug,
    preview_path: attributes.drive ? "" : attributes.preview_path,
    rules: attributes.rules.map((rule) => ({ ...rule, mime: rule.mime || mimeOf(instance, rule) })),
    members: [self],
  });
  sharing.initial_number_of_files_to_sync = sharing.drive ? 0 : countFiles(instance, sharing);
  addInvitees(instance, sharing, relationships);
  if (sharing.members.length < 2 && !sharing.drive) throw new Refusal(400, "A sharing must have recipients");
  instance.sharings.set(sharing.id, sharing);
  await sendInvitations(instance, sharing);
  return sharing;
}

function mimeOf({ documents }: Instance, { doctype, values }: Rule): string {
  const found = doctype === files ? documents.get(files, values[0] ?? "") : null;
  const mime = found?.fields["mime"];
  return typeof mime === "string" ? mime : "";
}

function countFiles({ documents }: Instance, { rules }: Sharing): number {
  const isShared = (id: string, fields: Readonly<Record<string, unknown>>): boolean =>
    fields["type"] === "file" && rules.some((rule) => documents.matches(rule, files, id, fields));
  return documents.list(files).filter(({ id, fields }) => isShared(id, fields)).length;
}

/** GET /sharings/:id: one rule within the app's permission, or the sharing's own preview code. */
export function show(instance: Instance, request: CozyRequest, id: string): Reply {
  const sharing = sharingOf(instance, id);
  if (!instance.apps.has(request.bearer) && request.bearer !== "") {
    if (useCode(instance, request.bearer).sharing !== sharing) throw forbidden();
  } else {
    const { permissions } = appOf(instance, request);
    if (!sharing.rules.some((rule) => isPermitted(permissions, rule, ["GET"]))) throw forbidden();
  }
  return jsonApi(200, { data: sharingDocument(sharing) });
}

/** Refuses an app that may not do everything with what the rules of a sharing name. */
export function permitApp(instance: Instance, request: CozyRequest, id: string): void {
  permit(appOf(instance, request).permissions, sharingOf(instance, id).rules, allVerbs);
}

/** POST /sharings/:id/recipients by an app. */
export async function add(instance: Instance, request: CozyRequest, id: string): Promise<Reply> {
  permitApp(instance, request, id);
  const { data } = readJson(request.body, addition);
  const sharing = await addRecipients(instance, id, data.relationships);
  return jsonApi(200, { data: sharingDocument(sharing) });
}

/** GET /sharings/doctype/:doctype. */
export function listByDoctype(instance: Instance, request: CozyRequest, doctype: string): Reply {
  appOf(instance, request);
  const found = [...instance.sharings.values()].filter(({ rules }) =>
    rules.some((rule) => rule.doctype === doctype),
  );
  return jsonApi(200, { data: found.map(sharingDocument) });
}

/** GET /sharings/news. */
export function news(instance: Instance, request: CozyRequest): Reply {
  appOf(instance, request);
  return jsonApi(200, { meta: { count: countNews(instance) } });
}

const changes = z.object({ data: z.object({ attributes: z.object({ description: z.string() }) }) });

/** PATCH /sharings/:id and PUT /sharings/:id/metadata: another description. */
export function describe(instance: Instance, request: CozyRequest, id: string): Reply {
  permitApp(instance, request, id);
  const sharing = ownSharing(instance, id);
  sharing.description = readJson(request.body, changes).data.attributes.description;
  return request.method === "PATCH" ? jsonApi(200, { data: sharingDocument(sharing) }) : nothing;
}

/** POST /sharings/:id/reupload: everything is offered again to everybody who accepted. */
export function reupload(instance: Instance, request: CozyRequest, id: string): Reply {
  permitApp(instance, request, id);
  const sharing = ownSharing(instance, id);
  for (const member of sharing.members) if (member.status === "ready") pushAll(instance, sharing, member);
  return nothing;
}

/** DELETE /sharings/:id/initial: the first synchronization is over, says an app or the owner's Cozy. */
export function endInitial(instance: Instance, request: CozyRequest, id: string): Reply {
  const sharing = sharingOf(instance, id);
  if (instance.apps.has(request.bearer)) permitApp(instance, request, id);
  else sharingClient(instance, request, sharing, "ALL");
  sharing.initial_sync = false;
  return nothing;
}

/** GET /sharings/:id/recipients/:index/avatar, which asks for no token. */
export function avatar(instance: Instance, _: CozyRequest, id: string, index: string): Reply {
  const member = sharingOf(instance, id).members[Number(index)];
  if (member === undefined) throw new Refusal(404, "The member was not found");
  const initial = escaped((member.public_name || member.email).slice(0, 1));
  const picture = `<svg xmlns="http://www.w3.org/2000/svg"><text>${initial}</text></svg>`;
  return { status: 200, headers: [["Content-Type", "image/svg+xml"]], body: picture };
}

function appOf(instance: Instance, { bearer }: CozyRequest) {
  if (bearer === "") throw new Refusal(401, "No token was sent");
  const app = instance.apps.get(bearer);
  if (app === undefined) throw forbidden();
  return app;
}

function permit(
  permissions: readonly AppPermission[],
  rules: readonly Rule[],
  verbs: readonly string[],
): void {
  if (!rules.every((rule) => isPermitted(permissions, rule, verbs))) throw forbidden();
}

function isPermitted(
  permissions: readonly AppPermission[],
  { doctype, values }: Rule,
  verbs: readonly string[],
): boolean {
  return permissions.some(
    (permission) =>
      permission.doctype === doctype &&
      verbs.every((verb) => permission.verbs.includes(verb)) &&
      (permission.values.length === 0 || values.every((value) => permission.values.includes(value))),
  );
}

function forbidden(): Refusal {
  return new Refusal(403, "The token does not permit this");
}
