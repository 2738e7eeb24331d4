import { addressKey } from "../../domain/address.ts";
import type { AskedRecipient, AskedSharing } from "../../domain/cozy-request.ts";
import { limits } from "../../domain/limits.ts";
import { httpsOrigin } from "../../domain/web-link.ts";
import {
  contactByAddress,
  contactById,
  type ContactRow,
  insertContact,
  updateContact,
} from "../../store/contacts.ts";
import type { CozyMemberRow } from "../../store/cozy-sharings.ts";
import type { Db } from "../../store/store.ts";
import { JsonApiError, type JsonApiProblem } from "../json-api.ts";
import type { Invited } from "../members.ts";

/** Nobody stands behind what a request names; `status` is what the answer gets. */
interface Missing {
  readonly status: number;
  readonly problem: JsonApiProblem;
}

/**
 * Whom a request names, each once: contacts by id, strangers by address (who become contacts), in v3 also by their Cozy alone.
 * Throws JsonApiError where one is not there; in v1b such are left out, and only nobody at all is an error (reference/cozy.md 6).
 */
export async function findInvited(
  db: Db,
  accountId: string,
  { generation, recipients }: Pick<AskedSharing, "generation" | "recipients">,
): Promise<readonly Invited[]> {
  const found: Invited[] = [];
  const absent: Missing[] = [];
  for (const asked of recipients) {
    const one = await findOne(db, accountId, asked, generation);
    if ("problem" in one) absent.push(one);
    else if (!found.some((known) => isNamedTwice(known, one))) found.push(one);
  }
  const isTolerable =
    generation === "v1b" && found.length > 0 && absent.every(({ status }) => status === 404);
  if (absent.length > 0 && !isTolerable) {
    throw new JsonApiError(
      absent[0]?.status ?? 422,
      absent.map(({ problem }) => problem),
    );
  }
  if (found.length <= limits.cozyMembers) return found;
  throw new JsonApiError(422, {
    detail: `A sharing has at most ${limits.cozyMembers} recipients.`,
    field: "recipients",
  });
}

/** Whether somebody who is to be invited is that member. Another member may have brought him in, by his address or Cozy alone. */
export function isSame(
  {
    contact_id: contactId,
    address,
    instance_url: url,
  }: Pick<CozyMemberRow, "contact_id" | "address" | "instance_url">,
  invited: Invited,
): boolean {
  if (contactId !== null && invited.contactId !== null) return contactId === invited.contactId;
  if (address !== null && invited.address !== null)
    return addressKey(address) === addressKey(invited.address);
  return url !== null && url === invited.instanceUrl;
}

function isNamedTwice(one: Invited, other: Invited): boolean {
  if (one.contactId !== null || other.contactId !== null) return one.contactId === other.contactId;
  return one.instanceUrl === other.instanceUrl;
}

async function findOne(
  db: Db,
  accountId: string,
  asked: AskedRecipient,
  generation: AskedSharing["generation"],
): Promise<Invited | Missing> {
  const { field, contactId, isReadOnly } = asked;
  if (contactId !== null) {
    const contact = await contactById(db, accountId, contactId);
    return contact === undefined
      ? missing(404, field, "There is no such contact; keep it first under /data/io.cozy.contacts/.")
      : invitedOf(contact, isReadOnly);
  }
  const instanceUrl = asked.url === null ? null : httpsOrigin(asked.url);
  if (asked.url !== null && instanceUrl === null)
    return missing(422, field, "The address of the Cozy is none; write https://host.");
  if (asked.address === null) {
    if (instanceUrl === null || generation === "v1a" || generation === "v1b") {
      return missing(422, field, "A recipient has a mail address.");
    }
    return { contactId: null, name: null, address: null, instanceUrl, isReadOnly };
  }
  return strangerOf(db, { accountId, address: asked.address, instanceUrl, field, isReadOnly });
}

interface Stranger {
  readonly accountId: string;
  readonly address: string;
  readonly instanceUrl: string | null;
  readonly field: string;
  readonly isReadOnly: boolean;
}

/** Who is named by his address is a contact from then on; a Cozy that was named with it is kept where none is known. */
async function strangerOf(
  db: Db,
  { accountId, address, instanceUrl, field, isReadOnly }: Stranger,
): Promise<Invited | Missing> {
  const key = addressKey(address);
  if (key === null) return missing(422, field, `${address} is no mail address.`);
  const known = await contactByAddress(db, accountId, key);
  const id =
    known?.id ??
    (await insertContact(db, null, {
      account_id: accountId,
      address_key: key,
      address,
      name: null,
      instance_url: instanceUrl,
    }));
  if (known !== undefined && known.instance_url === null && instanceUrl !== null) {
    await updateContact(db, known, { instance_url: instanceUrl });
  }
  return {
    contactId: id,
    name: known?.name ?? null,
    address,
    instanceUrl: known?.instance_url ?? instanceUrl,
    isReadOnly,
  };
}

/** A contact as somebody to be invited. */
export function invitedOf(contact: ContactRow, isReadOnly: boolean): Invited {
  const { id, name, address, instance_url: instanceUrl } = contact;
  return { contactId: id, name, address, instanceUrl, isReadOnly };
}

function missing(status: number, field: string, detail: string): Missing {
  return { status, problem: { field, detail } };
}
