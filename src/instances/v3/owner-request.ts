import { filesType } from "../../domain/cozy-document.ts";
import type { OutboundClient } from "../../http/outbound.ts";
import { namesIds, writeRequest } from "../../protocols/cozy/owner-wire.ts";
import type { WireRule } from "../../protocols/cozy/wire.ts";
import { readDocument } from "../../store/cozy-documents.ts";
import type { CozySharingRow } from "../../store/cozy-sharings.ts";
import type { Db } from "../../store/store.ts";
import { groupsIn } from "../shared-groups.ts";
import { callCozy, type CallFailure, failureOf, isTaken } from "../call.ts";
import { bodyOf } from "../documents/access.ts";
import { jsonApiType } from "../json-api.ts";
import { isOpen, type Place, rulesOf, toldMembers } from "./owner-rows.ts";
import { xorKeyOf } from "./owner-secrets.ts";

/** The request that is brought to a member's Cozy. */
export interface Request extends Place {
  /** `https://host[:port]` of the account, and of the Cozy that is asked. */
  readonly ownUrl: string;
  readonly at: string;
  /** The member's, secret. */
  readonly state: string;
  readonly query: URLSearchParams;
}

/** PUT /sharings/:id at a Cozy (reference/cozy.md 7.2, 7.4); null where it took the request. */
export async function putRequest(
  { store: { db }, http }: { readonly store: { readonly db: Db }; readonly http: OutboundClient },
  { sharing, member, ownUrl, at, state, query }: Request,
  signal: AbortSignal,
): Promise<CallFailure | null> {
  const addressee = { id: member.id, instance_url: at };
  const body = writeRequest(
    {
      id: sharing.document_id,
      description: sharing.description,
      appSlug: sharing.app_slug,
      previewPath: sharing.preview_path,
      isOpen: isOpen(sharing),
      rules: await rulesToTell(db, sharing),
      members: await toldMembers(db, sharing, { ownUrl, addressee }),
      groups: groupsIn(sharing),
      createdAt: sharing.created_at,
      updatedAt: sharing.updated_at,
    },
    xorKeyOf(state),
  );
  const reply = await callCozy(http, {
    url: `${at}/sharings/${sharing.document_id}?${query.toString()}`,
    method: "PUT",
    headers: { "content-type": jsonApiType, accept: jsonApiType },
    body: JSON.stringify(body),
    signal,
  });
  return isTaken(reply) ? null : failureOf(reply);
}

/** With the type of a single file, so that the other side can show what it is (7.4). */
async function rulesToTell(db: Db, sharing: CozySharingRow): Promise<readonly WireRule[]> {
  const told: WireRule[] = [];
  for (const rule of rulesOf(sharing)) {
    const [id = ""] = rule.values;
    const isFile = rule.mime === "" && rule.doctype === filesType && namesIds(rule);
    const key = { accountId: sharing.account_id, doctype: filesType, id };
    const row = isFile ? await readDocument(db, key) : undefined;
    const mime = row === undefined ? "" : bodyOf(row)["mime"];
    told.push(typeof mime === "string" && mime !== "" ? { ...rule, mime } : rule);
  }
  return told;
}
