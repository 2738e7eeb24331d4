import { type RawBuilder, sql } from "kysely";

/** Where a page of a list begins: after this row. Rows lie newest first, those of one millisecond by id. */
export interface PageStart {
  readonly createdAt: number;
  readonly id: string;
}

export interface Page {
  /** Null: the first page. */
  readonly after: PageStart | null;
  readonly rows: number;
}

/** Whether a row of the table lies after the one where the page begins. */
export function liesAfter(
  table: "notification" | "subscription" | "sharing" | "ocm_invite",
  start: PageStart,
): RawBuilder<boolean> {
  const { createdAt, id } = start;
  const at = sql.ref(`${table}.created_at`);
  return sql<boolean>`(${at} < ${createdAt} or (${at} = ${createdAt} and ${sql.ref(`${table}.id`)} > ${id}))`;
}
