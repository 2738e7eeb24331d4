import { concerns, type DocumentFacts, readPermissions } from "./cozy-permissions.ts";
import { isObject, type JsonObject } from "./json.ts";
import { unreachable } from "./unreachable.ts";

export type DocumentEvent = "CREATED" | "UPDATED" | "DELETED";

/** What decides whether members hear of a change: cozy_sharing's columns, the rules parsed. */
export interface PropagatingSharing {
  readonly generation: "v2" | "v1a" | "v1b" | "v3";
  readonly sharingType: string;
  readonly isOwner: boolean;
  readonly rules: unknown;
}

/** Whether a change of a document here is told to the other side of a sharing (reference/cozy.md 4.7, 5.2, 6 and 7.1). */
export function propagates(
  sharing: PropagatingSharing,
  event: DocumentEvent,
  document: DocumentFacts,
): boolean {
  switch (sharing.generation) {
    case "v2":
      return sharing.isOwner && sharing.sharingType === "continuous" && isNamed(sharing.rules, document);
    case "v1a":
    case "v1b":
      return isTold(sharing) && isPermitted(sharing.rules, document);
    case "v3":
      return list(sharing.rules).some((rule) => isPushed(rule, event, sharing.isOwner, document));
    default:
      return unreachable(sharing.generation);
  }
}

/** One-shot sharings tell nobody; of the others both sides tell, or the sharer alone. */
function isTold({ sharingType, isOwner }: PropagatingSharing): boolean {
  if (sharingType === "master-master" || sharingType === "two-way") return true;
  return isOwner && (sharingType === "master-slave" || sharingType === "one-way");
}

function isPermitted(rules: unknown, document: DocumentFacts): boolean {
  const read = readPermissions(rules);
  return read.kind === "rules" && read.rules.some((rule) => concerns(rule, document));
}

/** The types of that platform are compared without regard to case. */
function isNamed(rules: unknown, { type, id }: DocumentFacts): boolean {
  return list(rules).some(
    (rule) =>
      rule["id"] === id &&
      typeof rule["docType"] === "string" &&
      rule["docType"].toLowerCase() === type.toLowerCase(),
  );
}

const actions = { CREATED: "add", UPDATED: "update", DELETED: "remove" } as const;

function isPushed(
  rule: JsonObject,
  event: DocumentEvent,
  isOwner: boolean,
  document: DocumentFacts,
): boolean {
  const action = rule[actions[event]];
  if (action !== "sync" && !(isOwner && action === "push")) return false;
  const { doctype: type, values, selector } = rule;
  const read = readPermissions({ rule: { type, values, selector: selector === "id" ? "" : selector } });
  return read.kind === "rules" && read.rules.some((one) => concerns(one, document));
}

function list(rules: unknown): readonly JsonObject[] {
  return Array.isArray(rules) ? rules.filter(isObject) : [];
}
