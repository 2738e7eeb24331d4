import { accessToken, register } from "./oauth.ts";
import { leaveAsRecipient, revokeRecipient, revokeSharing } from "./revoke.ts";
import type { SharingCozy } from "./sharing.ts";
import { getSharing, listShared } from "./show.ts";
import type { Route } from "./stack.ts";
import { type Receiver, receiveDocument, showDocument } from "./transport.ts";
import { page } from "./wire.ts";

/** The routes that both generations have alike, but for those below `/sharings/`. */
export const commonRoutes: readonly Route<Receiver>[] = [
  {
    method: "GET",
    path: /^\/$/,
    place: "page",
    take: (cozy, request) =>
      cozy.logins.isLoggedIn(request) ? page(200, "<h1>Home</h1>") : cozy.logins.toLogin(request),
  },
  {
    method: "GET",
    path: /^\/auth\/login$/,
    place: "page",
    take: ({ logins }, request) => logins.show(request),
  },
  {
    method: "POST",
    path: /^\/auth\/login$/,
    place: "page",
    take: ({ logins }, request) => logins.take(request),
  },
  { method: "POST", path: /^\/auth\/register$/, place: "register", take: register },
  { method: "POST", path: /^\/auth\/access_token$/, place: "token", take: accessToken },
  { method: "GET|HEAD", path: /^\/data\/([^/]+)\/([^/]+)$/, place: "document", take: showDocument },
  {
    method: "POST|PUT|DELETE",
    path: /^\/sharings\/doc\/([^/]+)\/([^/]+)$/,
    place: "document",
    take: receiveDocument,
  },
];

/** The lists, with the words of a generation for what is shared with me and by me. */
export function listRoute(withMe: string, byMe: string): Route<SharingCozy> {
  return {
    method: "GET",
    path: new RegExp(`^/permissions/doctype/([^/]+)/(${withMe}|${byMe})$`),
    place: "app",
    take: (cozy, request, doctype = "", whose = "") => listShared(cozy, request, doctype, whose === byMe),
  };
}

/** The routes about one sharing that both have alike; routes with a fixed word in the place of its id come before. */
export const sharingRoutes: readonly Route<SharingCozy>[] = [
  { method: "GET", path: /^\/sharings\/([^/]+)$/, place: "app", take: getSharing },
  { method: "DELETE", path: /^\/sharings\/([^/]+)$/, place: "revoke", take: revokeSharing },
  {
    method: "DELETE",
    path: /^\/sharings\/([^/]+)\/recipient\/([^/]+)$/,
    place: "revoke",
    take: revokeRecipient,
  },
  { method: "DELETE", path: /^\/sharings\/([^/]+)\/([^/]+)$/, place: "revoke", take: leaveAsRecipient },
];
