import { randomUUID } from "node:crypto";
import { documentReply, noSuchFile } from "./documents.ts";
import { targetFields } from "./origin-link.ts";
import { countLogin, type OriginState } from "./origin-state.ts";
import { loginCookies, type Session } from "./sessions.ts";
import type { Folder, Guest } from "./shares.ts";
import { readTargetPath, type Target } from "./token.ts";
import {
  failure,
  jsonReply,
  missingParameter,
  oxErrors,
  type OxError,
  type OxReply,
  type OxRequest,
  pageReply,
  readObject,
  reply,
  sessionLost,
  success,
} from "./wire.ts";

interface Call {
  readonly state: OriginState;
  readonly request: OxRequest;
  readonly session: Session;
  readonly guest: Guest;
}

type Answerer = (call: Call) => OxReply;

/** What the API serves to a guest with GET: `module?action`. */
const served: ReadonlyMap<string, Answerer> = new Map<string, Answerer>([
  ["folders get", getFolder],
  ["folders list", listFolders],
  ["infostore all", allFiles],
  ["infostore document", getDocument],
  ["user get", getUser],
  ["capabilities all", allCapabilities],
  ["system whoami", whoAmI],
  ["jobs get", getJob],
  ["login logout", logout],
]);

/** The only content types that an object is taken from. */
const jsonTypes = new Set(["application/json", "text/javascript"]);

/** A call of the HTTP API below the base: `<module>?action=…` (reference/ox.md 4.3). */
export function answerCall(state: OriginState, request: OxRequest, module: string): OxReply {
  const action = request.query.get("action") ?? "";
  const name = `${module}?action=${action}`;
  if (request.query.get("allow_enqueue") !== "true") {
    return refused(state, name, "allow_enqueue is missing", missingParameter("allow_enqueue"));
  }
  if (module === "login" && action === "guest") return guestLogin(state, request);
  const answerer = served.get(`${module} ${action}`);
  if (answerer === undefined) return refused(state, name, "unknown module or action", oxErrors.unknownAction);
  if (request.method !== "GET") {
    state.refuse(`${request.method} ${name}: the action is asked with GET`);
    return pageReply(405, "This action is asked with GET.");
  }
  const session = state.sessions.of(request);
  if ("error" in session) {
    if (session.breach !== null) state.refuse(`${name}: ${session.breach}`);
    return failure(session.error);
  }
  return inSession(state, request, session, answerer);
}

function inSession(state: OriginState, request: OxRequest, session: Session, answerer: Answerer): OxReply {
  const guest = state.shares.guest(session.owner);
  if (answerer === logout) return logout({ state, request, session, guest: guest ?? goneGuest });
  if (guest === null) {
    state.sessions.end(session);
    return failure(sessionLost("usernonexistent"));
  }
  const answer = answerer({ state, request, session, guest });
  return answerer === getJob || answerer === getDocument ? answer : queued(state, answer);
}

const goneGuest: Guest = { token: "", contextId: 0, userId: 0, mail: null, password: null };

function refused(state: OriginState, name: string, breach: string, error: OxError): OxReply {
  state.refuse(`${name}: ${breach}`);
  return failure(error);
}

/** A long request answers 202 with a job (reference/ox.md 4.3). */
function queued(state: OriginState, answer: OxReply): OxReply {
  if (state.jobsToCome <= 0) return answer;
  state.jobsToCome -= 1;
  const job = randomUUID();
  state.jobs.set(job, { reply: answer, polls: state.jobPolls });
  return jsonReply(202, { data: { job } });
}

function getJob({ state, request }: Call): OxReply {
  const id = request.query.get("id") ?? "";
  const job = state.jobs.get(id);
  if (job === undefined)
    return refused(state, "jobs?action=get", "the job is unknown", missingParameter("id"));
  if (job.polls > 0) {
    job.polls -= 1;
    return jsonReply(202, { data: { job: id } });
  }
  state.jobs.delete(id);
  return job.reply;
}

/** `POST login?action=guest` with the fields of reference/ox.md 4.2, all of them. */
function guestLogin(state: OriginState, request: OxRequest): OxReply {
  const name = "login?action=guest";
  const { query } = request;
  if (request.method !== "POST") {
    state.refuse(`${request.method} ${name}: logins are posted`);
    return pageReply(405, "Logins are posted.");
  }
  if (!jsonTypes.has(request.contentType)) {
    return refused(state, name, `content type "${request.contentType}" of the body`, oxErrors.invalidValue);
  }
  const breach = loginBreach(query);
  if (breach !== null) return refused(state, name, breach, oxErrors.invalidValue);
  const body = readObject(request.body);
  const login = body?.["login"];
  const password = body?.["password"];
  if (typeof login !== "string" || typeof password !== "string") {
    return refused(state, name, "the body lacks login or password", oxErrors.invalidValue);
  }
  return admit(state, request, login, password);
}

function loginBreach(query: URLSearchParams): string | null {
  if (!/^[0-9a-fA-F]{48}$/.test(query.get("share") ?? "")) return "share is missing or no share token";
  const target = query.get("target");
  if (target === null) return "target is missing";
  if (target !== "" && readTargetPath(target) === null) return "target is no target path";
  if (query.get("client") !== "open-xchange-appsuite-http") return "client is missing or another one";
  return query.get("staySignedIn") === "true" ? null : "staySignedIn is missing";
}

function admit(state: OriginState, request: OxRequest, login: string, password: string): OxReply {
  const guest = state.shares.guest(request.query.get("share") ?? "");
  if (guest === null) return failure(oxErrors.invalidCredentials);
  const rightLogin = guest.mail !== null && ["", guest.mail.toLowerCase()].includes(login.toLowerCase());
  if (!rightLogin || (guest.password !== null && password !== guest.password)) {
    countLogin(state, guest.token, "failed");
    return failure(rightLogin ? oxErrors.invalidGuestPassword : oxErrors.invalidCredentials);
  }
  const client = request.query.get("client") ?? "";
  const session = state.sessions.begin(guest.token, client, request.userAgent);
  countLogin(state, guest.token, "successful");
  const target = visibleTarget(state, guest, request.query.get("target") ?? "");
  const result = {
    session: session.id,
    user: guest.mail,
    user_id: guest.userId,
    context_id: guest.contextId,
    locale: "en_US",
    ...targetFields(target),
  };
  return reply(result, loginCookies(session, guest.token));
}

function visibleTarget(state: OriginState, guest: Guest, path: string): Target | null {
  const target = readTargetPath(path);
  return target !== null && state.shares.seesTarget(guest.token, target) ? target : null;
}

function logout({ state, session }: Call): OxReply {
  state.sessions.end(session);
  return { status: 200, headers: [["Content-Type", "text/html; charset=UTF-8"]], body: "" };
}

function getFolder({ state, request, guest }: Call): OxReply {
  const id = request.query.get("id");
  if (id === null) return refused(state, "folders?action=get", "id is missing", missingParameter("id"));
  const folder = state.shares.folder(id);
  if (folder === null) return failure(oxErrors.folderNotFound);
  if (!state.shares.sees(guest.token, id)) return failure(oxErrors.folderNotVisible);
  const shown = folderObject(state, guest, folder);
  return success(state.habits.otherFolder ? { ...shown, id: `${id}1`, title: "Another folder" } : shown);
}

function folderObject(state: OriginState, guest: Guest, folder: Folder) {
  return {
    id: folder.id,
    folder_id: folder.parent,
    title: folder.title,
    module: folder.module,
    subfolders: state.shares.below(guest.token, folder.id).length > 0,
    own_rights: 257,
    created_by: 3,
    type: 3,
  };
}

/** Column numbers of the folder API: id, parent, title, module, subfolders. */
function listFolders({ state, request, guest }: Call): OxReply {
  const parent = request.query.get("parent");
  const columns = readColumns(request.query.get("columns"));
  if (parent === null || columns === null) {
    return refused(state, "folders?action=list", "parent or columns is missing", missingParameter("parent"));
  }
  const rows = state.shares.below(guest.token, parent).map((folder) => {
    const object = folderObject(state, guest, folder);
    const values = new Map<number, unknown>([
      [1, object.id],
      [20, object.folder_id],
      [300, object.title],
      [301, object.module],
      [304, object.subfolders],
    ]);
    return columns.map((column) => values.get(column) ?? null);
  });
  return success(rows);
}

/** Column numbers of the infostore API: id, folder_id, title, filename, file_size. */
function allFiles({ state, request, guest }: Call): OxReply {
  const folder = request.query.get("folder");
  const columns = readColumns(request.query.get("columns"));
  if (folder === null || columns === null) {
    return refused(state, "infostore?action=all", "folder or columns is missing", missingParameter("folder"));
  }
  if (state.habits.refusesLists) return failure(oxErrors.listRefused);
  const found = state.shares.folder(folder);
  if (found === null) return failure(oxErrors.folderNotFound);
  if (!state.shares.sees(guest.token, folder)) return failure(oxErrors.folderNotVisible);
  const rows = found.files.map((file) => {
    const values = new Map<number, unknown>([
      [1, `${folder}/${file.id}`],
      [20, folder],
      [700, file.name],
      [702, file.name],
      [704, file.sizeBytes],
    ]);
    return columns.map((column) => values.get(column) ?? null);
  });
  return success(rows);
}

function getDocument({ state, request, guest }: Call): OxReply {
  const id = request.query.get("id");
  const folder = request.query.get("folder");
  if (id === null || folder === null) {
    return refused(state, "infostore?action=document", "id or folder is missing", missingParameter("id"));
  }
  const found = state.shares.folder(folder);
  if (found === null) return failure(oxErrors.folderNotFound);
  if (!state.shares.sees(guest.token, folder)) return failure(oxErrors.folderNotVisible);
  const file = found.files.find((each) => `${folder}/${each.id}` === id);
  return file === undefined ? noSuchFile() : documentReply(file, found, request, state.habits.documents);
}

function readColumns(text: string | null): readonly number[] | null {
  return text !== null && /^\d+(,\d+)*$/.test(text) ? text.split(",").map(Number) : null;
}

function getUser({ guest }: Call): OxReply {
  return success({
    id: guest.userId,
    email1: guest.mail,
    display_name: guest.mail ?? "Guest",
    locale: "en_US",
    guest_created_by: 3,
  });
}

/** A guest has no `invite_guests`: no re-sharing (reference/ox.md, section 9). */
function allCapabilities(): OxReply {
  const names = ["guest", "infostore", "filestore", "share_mail_attachments"];
  return success(names.map((id) => ({ id, attributes: {} })));
}

function whoAmI({ session, guest }: Call): OxReply {
  return success({
    session: session.id,
    user: guest.mail,
    user_id: guest.userId,
    context_id: guest.contextId,
    locale: "en_US",
  });
}
