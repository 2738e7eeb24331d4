import {
  namesDocuments,
  permissionMap,
  type PermissionProblem,
  readPermissions,
} from "../../domain/cozy-permissions.ts";
import { type AskedRecipient, optionalText, type ReadRequest } from "../../domain/cozy-request.ts";
import { isObject, type JsonObject } from "../../domain/json.ts";
import { limits } from "../../domain/limits.ts";

/** Sharing types that only one of both generations has; `one-shot` is of both. */
const types: ReadonlyMap<string, "v1a" | "v1b" | "both"> = new Map([
  ["one-shot", "both"],
  ["master-slave", "v1a"],
  ["master-master", "v1a"],
  ["one-way", "v1b"],
  ["two-way", "v1b"],
]);

/** Reads the body of POST /sharings/ (the cozy-stack sharings document; reference/cozy.md 5.3 and 6). */
export function readCreateRequest(body: unknown): ReadRequest {
  if (!isObject(body)) return wrong(400, [{ field: "", detail: "The body has to be a JSON object." }]);
  const { sharing_type: type, permissions, recipients = [] } = body;
  if (typeof type !== "string" || !types.has(type)) {
    return wrong(422, [{ field: "sharing_type", detail: `is one of ${[...types.keys()].join(", ")}` }]);
  }
  const read = readPermissions(permissions);
  const asked = readRecipients(recipients);
  const rules = read.kind === "rules" ? read.rules : [];
  const problems = [
    ...(read.kind === "rules" ? valueProblems(rules) : read.problems),
    ...asked.problems,
    ...textProblems(body),
  ];
  if (problems.length > 0) return wrong(422, problems);
  return {
    kind: "asked",
    asked: {
      generation: generationOf(type, body),
      sharingType: type,
      description: textIn(body, "description"),
      appSlug: textIn(body, "app_slug"),
      previewPath: textIn(body, "preview_path"),
      rules: permissionMap(rules),
      needs: rules,
      attributes: {},
      recipients: asked.recipients,
    },
  };
}

function generationOf(type: string, body: JsonObject): "v1a" | "v1b" {
  const kind = types.get(type);
  if (kind === "v1a" || kind === "v1b") return kind;
  return isLaterForm(body) ? "v1b" : "v1a";
}

/** The rework of late 2017 names recipients by plain ids, and knows previews. */
function isLaterForm(body: JsonObject): boolean {
  const { recipients } = body;
  if ("preview_path" in body) return true;
  return (
    Array.isArray(recipients) && recipients.length > 0 && recipients.every((one) => typeof one === "string")
  );
}

function wrong(status: number, problems: readonly PermissionProblem[]): ReadRequest {
  return { kind: "wrong", status, problems };
}

/** A rule without values is about all documents of a type; such are for applications, not for other people. */
function valueProblems(rules: Parameters<typeof namesDocuments>[0]): readonly PermissionProblem[] {
  return rules
    .filter((rule) => !namesDocuments([rule]))
    .map(({ title }) => ({
      field: `permissions.${title}.values`,
      detail: "has to name what is shared: ids of documents, or doctype/id for referenced_by",
    }));
}

const textChars = {
  description: limits.messageChars,
  app_slug: limits.nameChars,
  preview_path: limits.filePathChars,
} as const;

function textIn(body: JsonObject, field: keyof typeof textChars): string | null {
  return optionalText(body[field], textChars[field]) ?? null;
}

function textProblems(body: JsonObject): readonly PermissionProblem[] {
  return Object.entries(textChars)
    .filter(([field, most]) => optionalText(body[field], most) === undefined)
    .map(([field, most]) => ({ field, detail: `is a text of at most ${most} characters` }));
}

interface ReadRecipients {
  readonly recipients: readonly AskedRecipient[];
  readonly problems: readonly PermissionProblem[];
}

/** `{ recipient: { id } }`, a plain id, and beyond the document an address or the address of a Cozy in place of the id. */
function readRecipients(list: unknown): ReadRecipients {
  if (!Array.isArray(list)) {
    return { recipients: [], problems: [{ field: "recipients", detail: "is a list" }] };
  }
  if (list.length > limits.cozyMembers) {
    const detail = `A sharing has at most ${limits.cozyMembers} recipients.`;
    return { recipients: [], problems: [{ field: "recipients", detail }] };
  }
  const read = list.map((one: unknown, place) => readRecipient(one, `recipients.${place}`));
  return {
    recipients: read.flatMap((one) => ("detail" in one ? [] : [one])),
    problems: read.flatMap((one) => ("detail" in one ? [one] : [])),
  };
}

function readRecipient(value: unknown, place: string): AskedRecipient | PermissionProblem {
  if (typeof value === "string") return recipientNamed(value, place);
  if (!isObject(value)) return { field: place, detail: "names a contact by its id" };
  const field = isObject(value["recipient"]) ? `${place}.recipient` : place;
  const named = isObject(value["recipient"]) ? value["recipient"] : value;
  const { id, type = "io.cozy.contacts" } = named;
  if (type !== "io.cozy.contacts") return { field: `${field}.type`, detail: "is io.cozy.contacts" };
  if (typeof id === "string" && id !== "") return { ...nobody, field: `${field}.id`, contactId: id };
  const address = optionalText(named["email"], limits.addressChars);
  if (typeof address === "string") {
    const url = optionalText(named["url"], limits.urlChars) ?? null;
    return { ...nobody, field: `${field}.email`, address, url };
  }
  return { field: `${field}.id`, detail: "is the id of a contact; or give the email of somebody new" };
}

function recipientNamed(text: string, field: string): AskedRecipient | PermissionProblem {
  if (text === "" || text.length > limits.addressChars) return { field, detail: "is the id of a contact" };
  return text.includes("@") ? { ...nobody, field, address: text } : { ...nobody, field, contactId: text };
}

const nobody = { contactId: null, address: null, url: null, isReadOnly: false } as const;
