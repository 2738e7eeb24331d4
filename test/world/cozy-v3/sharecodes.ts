import { createHmac, randomInt } from "node:crypto";
import type { Reply } from "../faulty-answers.ts";
import type { Instance, Preview } from "./instance.ts";
import type { Member, Sharing } from "./model.ts";
import { type CozyRequest, jsonApi, Refusal } from "./wire.ts";

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** Gives every member with an e-mail address a code, where the sharing has a preview (reference/cozy.md 3.4). */
export function giveCodes(instance: Instance, sharing: Sharing): void {
  if (sharing.preview_path === "" || sharing.app_slug === "" || sharing.drive) return;
  const preview = previewOf(instance, sharing) ?? newPreview(instance, sharing);
  for (const { email, status } of sharing.members) {
    if (email === "" || status === "owner" || preview.codes.has(email)) continue;
    const isShort = instance.settings.shareCodes === "short";
    preview.codes.set(email, isShort ? shortCode() : jwtCode(instance, sharing, email));
  }
}

export function codeOf(instance: Instance, sharing: Sharing, member: Member): string | null {
  return previewOf(instance, sharing)?.codes.get(member.email) ?? null;
}

export function takeCode(instance: Instance, sharing: Sharing, member: Member): void {
  previewOf(instance, sharing)?.codes.delete(member.email);
}

export function expirePreview(instance: Instance, sharing: Sharing): void {
  const preview = previewOf(instance, sharing);
  if (preview !== null) preview.isExpired = true;
}

/** The member of a sharing whose code this is; a full stop at the end, as mails wrap it, is tolerated. */
export function memberWithCode(instance: Instance, sharing: Sharing, sharecode: string): Member | null {
  const preview = previewOf(instance, sharing);
  if (preview === null || preview.isExpired) return null;
  const email = [...preview.codes].find(([, code]) => code === bareCode(sharecode))?.[0];
  return sharing.members.find((member) => member.email === email && member.status !== "revoked") ?? null;
}

/** A sharing by link of an app: the same form of link, and no sharing between Cozys behind it. */
export function newPlainCode(instance: Instance): string {
  const code = shortCode();
  instance.plainCodes.add(code);
  return code;
}

/** GET /permissions/self with a sharecode: its first use marks the member as seen (reference/cozy.md 3.4, 8.1). */
export function permissionsSelf(instance: Instance, request: CozyRequest): Reply {
  if (request.bearer === "") throw new Refusal(401, "No token was sent");
  if (instance.plainCodes.has(bareCode(request.bearer))) {
    return jsonApi(200, permissionDocument("plain", "io.cozy.apps/drive"));
  }
  const { sharing } = useCode(instance, request.bearer);
  return jsonApi(200, permissionDocument(`preview-${sharing.id}`, `io.cozy.sharings/${sharing.id}`));
}

/** The sharing and the member behind a code that is used at the API; 400 for a code that is none any more. */
export function useCode(
  instance: Instance,
  sharecode: string,
): { readonly sharing: Sharing; readonly member: Member } {
  for (const { sharingId } of instance.previews) {
    const sharing = instance.sharings.get(sharingId);
    const member = sharing === undefined ? null : memberWithCode(instance, sharing, sharecode);
    if (sharing === undefined || member === null) continue;
    if (member.status === "pending" || member.status === "mail-not-sent") member.status = "seen";
    return { sharing, member };
  }
  throw new Refusal(400, "Invalid JWT");
}

function permissionDocument(id: string, source: string): object {
  return { data: { type: "io.cozy.permissions", id, attributes: { source_id: source } } };
}

function previewOf(instance: Instance, { id }: Sharing): Preview | null {
  return instance.previews.find(({ sharingId }) => sharingId === id) ?? null;
}

function newPreview(instance: Instance, { id }: Sharing): Preview {
  const preview = { sharingId: id, codes: new Map<string, string>(), isExpired: false };
  instance.previews.push(preview);
  return preview;
}

function bareCode(sharecode: string): string {
  return sharecode.replace(/\.$/, "");
}

function shortCode(): string {
  return Array.from({ length: 12 }, () => letters[randomInt(letters.length)]).join("");
}

/** JWT HS512 with audience "share" (reference/cozy.md 3.4). */
function jwtCode({ domain, codeKey }: Instance, { id }: Sharing, email: string): string {
  const issuedAt = Math.floor(Date.now() / 1000);
  const head = jwtPart({ alg: "HS512", typ: "JWT" });
  const claims = jwtPart({ aud: "share", iss: domain, iat: issuedAt, sub: `preview:${id}:${email}` });
  const signature = createHmac("sha512", codeKey).update(`${head}.${claims}`).digest("base64url");
  return `${head}.${claims}.${signature}`;
}

function jwtPart(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
