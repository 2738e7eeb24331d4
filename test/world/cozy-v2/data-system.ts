import { answerRequest, leaveSharing } from "./recipient.ts";
import { createSharing, deleteSharing, deleteTarget, takeAnswer } from "./sharer.ts";
import type { CozyState } from "./state.ts";
import { type Credentials, Failure, type Fields, messageOf } from "./wire.ts";

/** A call of an app at its own data-system, which other Cozys do not reach. */
export interface DataSystemCall {
  readonly method: string;
  readonly path: string;
  /** Name and token of the app. */
  readonly credentials: Credentials | null;
  readonly body?: Fields;
}

export interface DataSystemAnswer {
  readonly status: number;
  readonly body: Fields;
}

type Doing = (state: CozyState, params: readonly string[], body: Fields) => Promise<Fields | void>;

/** The routes of reference/cozy.md 4.4. */
const routes: readonly (readonly [method: string, path: RegExp, act: Doing])[] = [
  ["POST", /^services\/sharing$/, async (state, _, body) => createSharing(state, body)],
  ["DELETE", /^services\/sharing\/sharer\/([^/]+)$/, async (state, [id]) => deleteSharing(state, id ?? "")],
  [
    "DELETE",
    /^services\/sharing\/sharer\/([^/]+)\/([^/]+)$/,
    async (state, [id, target]) => deleteTarget(state, id ?? "", target ?? ""),
  ],
  ["DELETE", /^services\/sharing\/target\/([^/]+)$/, async (state, [id]) => leaveSharing(state, id ?? "")],
  ["POST", /^services\/sharing\/sendAnswer$/, async (state, _, body) => answerRequest(state, body)],
  ["POST", /^services\/sharing\/answer$/, async (state, _, body) => takeAnswer(state, body)],
];

export async function callDataSystem(state: CozyState, call: DataSystemCall): Promise<DataSystemAnswer> {
  try {
    return { status: 200, body: (await act(state, call)) ?? { success: true } };
  } catch (cause) {
    const status = cause instanceof Failure ? cause.status : 500;
    return { status, body: { error: messageOf(cause) } };
  }
}

async function act(state: CozyState, call: DataSystemCall): Promise<Fields | void> {
  const path = call.path.replace(/^\/|\/$/g, "");
  for (const [method, pattern, doing] of routes) {
    const found = pattern.exec(path);
    if (method !== call.method || found === null) continue;
    authorize(state, call.credentials);
    return doing(state, found.slice(1).map(decodeURIComponent), call.body ?? {});
  }
  throw new Failure(404, "Not found");
}

function authorize(state: CozyState, credentials: Credentials | null): void {
  if (!state.habits.production) return;
  const app = state.apps.get(credentials?.login ?? "");
  if (app === undefined || app.token !== credentials?.password) {
    throw new Failure(401, "Application is not authenticated");
  }
  if (!app.permissions.includes("sharing")) throw new Failure(403, "Application is not authorized");
}
