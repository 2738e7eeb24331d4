import type { Reply } from "../faulty-answers.ts";
import { sendAnswer } from "./accept.ts";
import type { Instance } from "./instance.ts";
import { appOrigin, authorizeLink } from "./links.ts";
import { newState, ownerOf, type Sharing } from "./model.ts";
import { writeShortcut } from "./shortcuts.ts";
import { type CozyRequest, escaped, page, redirect, Refusal } from "./wire.ts";

/** Name of the cookie of the owner's browser session. */
const loginCookie = "cozysessid";

/** GET /auth/authorize/sharing: the page where the owner of this Cozy decides (reference/cozy.md 7.5). */
export async function showConsent(instance: Instance, request: CozyRequest): Promise<Reply> {
  const { query } = request;
  const { id, state } = named(query);
  if (id === "" || state === "") return refused(instance, "sharing_id or state is missing");
  if (!isLoggedIn(instance, request)) return login(instance, request);
  const sharing = instance.sharings.get(id);
  if (sharing === undefined || sharing.owner) return refused(instance, "there is no such request");
  if (sharing.active && !sharing.drive) return refused(instance, "the sharing is active already");
  if (sharing.active) return redirect(303, appLink(instance, sharing));
  keepState(sharing, state);
  if (query.get("shortcut") === "true" || sharing.drive) {
    writeShortcut(instance, sharing, authorizeLink(instance.origin, sharing, state, false), "seen");
    if (sharing.drive) await sendAnswer(instance, sharing, state);
    return redirect(303, appLink(instance, sharing));
  }
  const token = newState();
  instance.csrfTokens.add(token);
  return consentPage(sharing, state, token);
}

/** POST /auth/authorize/sharing: the owner of this Cozy consents. */
export async function takeConsent(instance: Instance, request: CozyRequest): Promise<Reply> {
  if (!isLoggedIn(instance, request)) throw new Refusal(401, "Nobody is logged in");
  const form = new URLSearchParams(request.body.toString());
  if (!instance.csrfTokens.delete(form.get("csrf_token") ?? "")) {
    throw new Refusal(403, "The csrf_token is missing or wrong");
  }
  const { id, state } = named(form);
  const sharing = instance.sharings.get(id);
  if (sharing === undefined || state === "") return refused(instance, "sharing_id or state is missing");
  await sendAnswer(instance, sharing, state);
  return redirect(303, appLink(instance, sharing));
}

/** GET /auth/authorize/sharing/:id/cancel: back to the sharer, who is told nothing. */
export function cancel(instance: Instance, request: CozyRequest, id: string): Reply {
  const sharing = instance.sharings.get(id);
  if (sharing === undefined) return refused(instance, "there is no such request");
  const state = request.query.get("state") ?? sharing.credentials[0]?.state ?? "";
  return redirect(303, `${ownerOf(sharing).instance}/sharings/${id}/discovery?state=${state}`);
}

/** GET /auth/login, as far as a person sees it who is not logged in. */
export function loginPage(): Reply {
  return page(200, '<form method="post"><input name="passphrase" type="password"></form>');
}

/** The link brought the state; a sharing that was asked without one keeps it for later. */
export function keepState(sharing: Sharing, state: string): void {
  const [credentials] = sharing.credentials;
  if (credentials !== undefined) credentials.state = state;
}

function named(fields: URLSearchParams): { readonly id: string; readonly state: string } {
  return { id: fields.get("sharing_id") ?? "", state: fields.get("state") ?? "" };
}

function isLoggedIn({ logins }: Instance, { cookies }: CozyRequest): boolean {
  return logins.has(cookies.get(loginCookie) ?? "");
}

function login(instance: Instance, { path, query }: CozyRequest): Reply {
  const back = encodeURIComponent(`${instance.origin}${path}?${String(query)}`);
  return redirect(303, `${instance.origin}/auth/login?redirect=${back}`);
}

function appLink(instance: Instance, sharing: Sharing): string {
  const slug = sharing.drive || sharing.app_slug === "" ? "drive" : sharing.app_slug;
  return `${appOrigin(instance, slug)}/?sharing=${sharing.id}`;
}

function consentPage(sharing: Sharing, state: string, token: string): Reply {
  const fields = Object.entries({ csrf_token: token, sharing_id: sharing.id, state }).map(
    ([name, value]) => `<input type="hidden" name="${name}" value="${escaped(value)}">`,
  );
  const sharer = escaped(ownerOf(sharing).public_name);
  const title = `<p>${sharer}: ${escaped(sharing.description)}</p>`;
  return page(200, `<form method="post">${title}${fields.join("")}<button>Accept</button></form>`);
}

function refused(instance: Instance, why: string): Reply {
  instance.refuse(`authorize: ${why}`);
  return page(400, `<p>The sharing cannot be accepted: ${escaped(why)}.</p>`);
}
