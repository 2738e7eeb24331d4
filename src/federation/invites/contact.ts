import { limits } from "../../domain/limits.ts";
import { oneLine } from "../../domain/one-line.ts";
import { personOf, type SaidPerson } from "../../protocols/ocm/given-invite.ts";
import { type OcmContactRow, putOcmContact } from "../../store/ocm-contacts.ts";
import { readSharer } from "../../store/sharings.ts";
import type { Db } from "../../store/store.ts";
import type { FederationParts } from "../parts.ts";

/** Who an account is to other servers: `<name>@<host of the site>`. */
export interface OwnPerson {
  readonly userID: string;
  readonly email: string;
  readonly name: string;
}

/** Null where the account is gone. */
export async function ownPerson(db: Db, accountId: string): Promise<OwnPerson | null> {
  const own = await readSharer(db, { id: accountId });
  return own === undefined ? null : { userID: own.name, email: own.address, name: own.name };
}

/** Keeps somebody whom a peer told of, as his own server calls him; his id, or null where it did not say who he is. */
export async function keepContact(
  db: Db,
  of: Pick<OcmContactRow, "account_id" | "host" | "came_by">,
  said: SaidPerson,
  { newId }: Pick<FederationParts, "newId">,
): Promise<string | null> {
  const person = personOf(said);
  if (person === null) return null;
  const name = oneLine(person.name, limits.nameChars);
  return putOcmContact(db, {
    ...of,
    id: newId("k"),
    user_id: person.userId,
    name: name === "" ? null : name,
    address: person.address,
    created_at: Date.now(),
  });
}
