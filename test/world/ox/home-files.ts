import { documentReply, noSuchFile } from "./documents.ts";
import { mangledFolder } from "./home-providers.ts";
import type { HomeAccount, HomeState, HomeUser, Installation } from "./home-state.ts";
import type { Folder } from "./shares.ts";
import { failure, missingParameter, oxErrors, type OxReply, type OxRequest, success } from "./wire.ts";

/** A folder behind an account, as the home server finds it by its mangled name. */
interface Place {
  readonly account: HomeAccount;
  readonly content: Installation;
  readonly folder: Folder;
}

/**
 * What a user sees of shares that his server follows (reference/ox.md 5): names are mangled, what is behind them is what
 * the guest sees at the origin, which must be the `installation` here.
 */
export function answerFiles(
  state: HomeState,
  request: OxRequest,
  user: HomeUser,
  call: string,
): OxReply | null {
  const { query } = request;
  switch (call) {
    case "folders get":
      return inPlace(state, user, query.get("id"), getFolder);
    case "folders list":
      return inPlace(state, user, query.get("parent"), (place) => listFolders(place, query));
    case "infostore all":
      return inPlace(state, user, query.get("folder"), (place) => allFiles(place, query));
    case "infostore document":
      return inPlace(state, user, query.get("folder"), (place) => getDocument(place, request));
    default:
      return null;
  }
}

function inPlace(
  state: HomeState,
  user: HomeUser,
  id: string | null,
  answer: (place: Place) => OxReply,
): OxReply {
  if (id === null) return failure(missingParameter("id"));
  const [, accountId, folderId] = /^[a-z]+:\/\/(\d+)\/(.+)$/.exec(id) ?? [];
  const account = state.accounts.get(accountId ?? "");
  const content = state.installation;
  const folder = content?.folder(folderId ?? "") ?? null;
  if (account?.user !== user.name || content === null || folder === null)
    return failure(oxErrors.folderNotFound);
  if (!content.sees(account.link.token, folder.id)) return failure(oxErrors.folderNotVisible);
  return answer({ account, content, folder });
}

function getFolder({ account, folder }: Place): OxReply {
  return success({ id: named(account, folder.id), title: folder.title, module: folder.module });
}

function listFolders({ account, content, folder }: Place, query: URLSearchParams): OxReply {
  const rows = content.below(account.link.token, folder.id);
  return success(
    rows.map(({ id, title }) =>
      row(query, [
        [1, named(account, id)],
        [300, title],
      ]),
    ),
  );
}

function allFiles({ account, folder }: Place, query: URLSearchParams): OxReply {
  return success(
    folder.files.map(({ id, name, sizeBytes }) =>
      row(query, [
        [1, `${named(account, folder.id)}/${id}`],
        [20, named(account, folder.id)],
        [700, name],
        [702, name],
        [704, sizeBytes],
      ]),
    ),
  );
}

function getDocument({ account, folder }: Place, request: OxRequest): OxReply {
  const id = request.query.get("id");
  const file = folder.files.find((each) => `${named(account, folder.id)}/${each.id}` === id);
  return file === undefined ? noSuchFile() : documentReply(file, folder, request, "ranges");
}

function named({ provider, id }: HomeAccount, folder: string): string {
  return mangledFolder(provider, id, folder);
}

function row(query: URLSearchParams, values: readonly (readonly [number, unknown])[]): unknown[] {
  const columns = (query.get("columns") ?? "").split(",").map(Number);
  return columns.map((column) => new Map(values).get(column) ?? null);
}
