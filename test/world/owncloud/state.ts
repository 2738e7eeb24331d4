import type { Federation } from "../ocm/shares.ts";
import type { Resource, TreeNode } from "../ocm/tree.ts";

export type LinkedResource = Resource & {
  /** uid; the first user where it is left out. */
  readonly by?: string;
  readonly password?: string;
};

export interface PublicLink {
  /** Also the secret of its WebDAV. */
  readonly token: string;
  readonly by: string;
  readonly name: string;
  readonly root: TreeNode;
  password: string | null;
}

export interface OwncloudState extends Federation {
  /** Name of the instance, as mails have it. */
  readonly instanceName: string;
  links: PublicLink[];
}
