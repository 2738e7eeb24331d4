import { callPeer } from "./calls.ts";
import type { Answered } from "./caller.ts";
import { files, type StoredDocument } from "./documents.ts";
import type { Instance } from "./instance.ts";
import { type Credentials, type Member, ownerOf, type Sharing, xorId } from "./model.ts";
import { missing, uploadKey } from "./schemas.ts";
import { readJson } from "./wire.ts";

/** The other side of a replication. Ids are changed by the owner, in both directions (reference/cozy.md 7.1). */
interface Peer {
  readonly member: Member;
  readonly credentials: Credentials;
  readonly changesIds: boolean;
  /** Where these lie is not told: it is nobody's business but this Cozy's. */
  readonly roots: readonly string[];
}

/** Sends everything that the rules name to a member that accepted: the initial sync. Files of drives stay where they are. */
export function pushAll(instance: Instance, sharing: Sharing, member: Member): void {
  const credentials = sharing.credentials[sharing.members.indexOf(member) - 1];
  if (sharing.drive || credentials === undefined) return;
  const peer = { member, credentials, changesIds: true, roots: rootsOf(sharing) };
  instance.background("replication", async () =>
    replicate(instance, sharing, peer, shared(instance, sharing)),
  );
}

/** Sends one change to everybody who gets it after the rules: from the owner to all, from a member to the owner. */
export function pushChange(
  instance: Instance,
  changed: StoredDocument,
  kind: "add" | "update" | "remove",
  except = "",
): void {
  for (const sharing of instance.sharings.values()) {
    if (!sharing.active || sharing.drive) continue;
    const rule = sharing.rules.find((each) =>
      instance.documents.matches(each, changed.doctype, changed.id, changed.fields),
    );
    const verb = rule?.[kind] ?? "none";
    if (verb !== "sync" && !(verb === "push" && sharing.owner)) continue;
    for (const peer of peersOf(instance, sharing)) {
      if (peer.member.instance === except) continue;
      instance.background("replication", async () => replicate(instance, sharing, peer, [changed]));
    }
  }
}

function peersOf(instance: Instance, sharing: Sharing): readonly Peer[] {
  if (!sharing.owner) {
    const [credentials] = sharing.credentials;
    const self = sharing.members.find(({ instance: at }) => at === instance.origin);
    if (credentials === undefined || self?.read_only === true) return [];
    return [{ member: ownerOf(sharing), credentials, changesIds: false, roots: rootsOf(sharing) }];
  }
  return sharing.members.flatMap((member, index) => {
    const credentials = sharing.credentials[index - 1];
    if (member.status !== "ready" || credentials === undefined) return [];
    return [{ member, credentials, changesIds: true, roots: rootsOf(sharing) }];
  });
}

function rootsOf({ rules }: Sharing): readonly string[] {
  return rules.flatMap(({ values }) => values);
}

/** Directories before what lies in them. */
function shared({ documents }: Instance, { rules }: Sharing): readonly StoredDocument[] {
  const doctypes = [...new Set(rules.map(({ doctype }) => doctype))];
  const found = doctypes.flatMap((doctype) =>
    documents
      .list(doctype)
      .filter(({ id, fields }) => rules.some((rule) => documents.matches(rule, doctype, id, fields))),
  );
  return found.toSorted((one, other) => Number(isFile(one)) - Number(isFile(other)));
}

/** _revs_diff, then what is missing: documents and directories at once, files one by one (reference/cozy.md 7.8). */
async function replicate(
  instance: Instance,
  sharing: Sharing,
  peer: Peer,
  changed: readonly StoredDocument[],
): Promise<void> {
  if (changed.length === 0) return;
  const revs = changed.map((each) => [`${each.doctype}/${idFor(each.id, peer)}`, [each.rev]]);
  const send = async (method: string, path: string, body: unknown): Promise<Given> =>
    sendJson(instance, sharing, peer, { method, path, body: JSON.stringify(body) });
  const asked = await send("POST", "/_revs_diff", Object.fromEntries(revs));
  const wanted = readJson(asked.text, missing);
  const lacking = changed.filter(
    (each) => (wanted[`${each.doctype}/${idFor(each.id, peer)}`]?.missing.length ?? 0) > 0,
  );
  const bulk = Map.groupBy(
    lacking.filter((each) => !isFile(each)),
    ({ doctype }) => doctype,
  );
  if (bulk.size > 0) {
    const whole = [...bulk].map(([doctype, each]) => [doctype, each.map((one) => onWire(one, peer))]);
    await send("POST", "/_bulk_docs", Object.fromEntries(whole));
  }
  for (const file of lacking.filter(isFile)) await upload(instance, sharing, peer, file);
}

async function upload(instance: Instance, sharing: Sharing, peer: Peer, file: StoredDocument): Promise<void> {
  const path = `/${files}/${idFor(file.id, peer)}/metadata`;
  const body = JSON.stringify(onWire(file, peer));
  const announced = await sendJson(instance, sharing, peer, { method: "PUT", path, body });
  if (announced.status === 204) return;
  const { key } = readJson(announced.text, uploadKey);
  const type = typeof file.fields["mime"] === "string" ? file.fields["mime"] : "application/octet-stream";
  const content = file.content ?? Buffer.alloc(0);
  const done = await callPeer(instance, sharing, peer.member, peer.credentials, {
    method: "PUT",
    path: `/${files}/${encodeURIComponent(key)}`,
    type,
    body: content,
  });
  checked(done, "the upload");
}

type Given = Extract<Answered, { kind: "answered" }>;

async function sendJson(
  instance: Instance,
  sharing: Sharing,
  { member, credentials }: Peer,
  what: { readonly method: string; readonly path: string; readonly body: string },
): Promise<Given> {
  const type = "application/json";
  const answer = await callPeer(instance, sharing, member, credentials, { ...what, accept: type, type });
  return checked(answer, what.path.split("/").at(-1) ?? what.path);
}

function checked(answer: Answered, what: string): Given {
  if (answer.kind === "unreachable") throw new Error(`${what}: no answer`);
  if (answer.status >= 300) throw new Error(`${what}: ${answer.status}`);
  return answer;
}

function onWire({ id, rev, history, fields, isDeleted }: StoredDocument, peer: Peer): object {
  const { dir_id, ...rest } = fields;
  const isInside = typeof dir_id === "string" && !peer.roots.includes(id);
  return {
    ...(isDeleted ? { _deleted: true } : rest),
    ...(isInside && !isDeleted ? { dir_id: idFor(dir_id, peer) } : {}),
    _id: idFor(id, peer),
    _rev: rev,
    _revisions: { start: history.length, ids: history },
  };
}

function idFor(id: string, { changesIds, credentials }: Peer): string {
  return changesIds ? xorId(id, credentials.xor_key) : id;
}

function isFile({ doctype, fields, isDeleted }: StoredDocument): boolean {
  return doctype === files && !isDeleted && fields["type"] === "file";
}
