/** Groups of contacts, and members of Cozy sharings who are there through them; store/schema.ts says more. */
export const contactGroups: readonly string[] = [
  "alter table contact add groups_json text not null default '[]' check (json_valid(groups_json))",
  "alter table cozy_member add groups_json text not null default '[]' check (json_valid(groups_json))",
  "alter table cozy_member add is_only_in_groups integer not null default 0 check (is_only_in_groups in (0, 1))",
];
