import { createHash } from "node:crypto";

export interface FileNode {
  readonly kind: "file";
  readonly content: Buffer;
  readonly modifiedAt: Date;
  /** Without quotation marks. */
  readonly etag: string;
}

export interface FolderNode {
  readonly kind: "folder";
  readonly children: Map<string, TreeNode>;
  readonly modifiedAt: Date;
}

export type TreeNode = FileNode | FolderNode;

/** What is shared: one file with its content, or a folder with contents by their relative paths. */
export type Resource =
  | { readonly name: string; readonly file: string | Buffer }
  | { readonly name: string; readonly files: Readonly<Record<string, string | Buffer>> };

const modifiedAt = new Date("2026-10-01T08:00:00Z");

export function treeOf(resource: Resource): TreeNode {
  if ("file" in resource) return fileOf(resource.file);
  const root = folder();
  for (const [path, content] of Object.entries(resource.files)) put(root, path.split("/"), fileOf(content));
  return root;
}

/** Below the root; null where nothing is. Empty parts are passed over, so that `/` is the root. */
export function nodeAt(root: TreeNode, path: string): TreeNode | null {
  let node: TreeNode | undefined = root;
  for (const part of path.split("/").filter((each) => each !== "")) {
    node = node?.kind === "folder" ? node.children.get(part) : undefined;
  }
  return node ?? null;
}

function fileOf(content: string | Buffer): FileNode {
  const bytes = Buffer.from(content);
  const etag = createHash("md5").update(bytes).digest("hex");
  return { kind: "file", content: bytes, modifiedAt, etag };
}

function folder(): FolderNode {
  return { kind: "folder", children: new Map(), modifiedAt };
}

function put(root: FolderNode, [name = "", ...rest]: readonly string[], file: FileNode): void {
  if (rest.length === 0) return void root.children.set(name, file);
  const below = root.children.get(name) ?? folder();
  if (below.kind === "file") throw new Error(`${name} is a file and has nothing below.`);
  root.children.set(name, below);
  put(below, rest, file);
}
