import { accessToken, register } from "./oauth.ts";
import type { Route } from "./stack.ts";
import { type Receiver, receiveDocument, showDocument } from "./transport.ts";
import { page } from "./wire.ts";

/** The routes that both generations have alike. */
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
