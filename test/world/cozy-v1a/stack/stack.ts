import type { Reply } from "../../faulty-answers.ts";
import {
  type EmulatedServer,
  type EmulatedServerOptions,
  hostOf,
  startEmulatedServer,
} from "../../emulated-server.ts";
import { Background } from "./background.ts";
import { OwnerBrowser } from "./browser.ts";
import { Credentials } from "./credentials.ts";
import { Documents } from "./documents.ts";
import type { Letter } from "./letters.ts";
import { Logins } from "./login.ts";
import type { OauthSide } from "./oauth.ts";
import type { Resolve } from "./outgoing.ts";
import { type CozyRequest, notFound, page, plainError, readRequest, Refused } from "./wire.ts";

/** Kinds of requests that a fault can be confined to. */
export type CozyPlace =
  | "app"
  | "register"
  | "token"
  | "page"
  | "request"
  | "discovery"
  | "answer"
  | "access"
  | "revoke"
  | "document";

export interface CozyOptions extends EmulatedServerOptions {
  /** `public_name` in the settings; without one the first label of the domain stands in mails. */
  readonly publicName?: string;
  /** Mail address of the owner. */
  readonly ownerMail: string;
  /** Where every host (without port) listens on loopback: the other side's, and this Cozy's own, which its owner visits. */
  readonly resolve: Resolve;
  /** Takes a mail to an SMTP server; where it rejects, the mail counts as not sent. Mails are kept in any case. */
  readonly send?: (letter: Letter) => Promise<void>;
}

/** One running cozy-stack with one instance: what the routes of both protocol generations work on. */
export interface Stack extends OauthSide {
  readonly hostname: string;
  /** As `host`, with the port unless that is 443. */
  readonly domain: string;
  readonly ownerMail: string;
  readonly documents: Documents;
  readonly logins: Logins;
  readonly browser: OwnerBrowser;
  readonly background: Background;
  readonly mails: Letter[];
  post(letter: Letter): Promise<void>;
  /** Notes what a real server would refuse or demand. No secrets. */
  readonly refuse: (what: string) => void;
}

export interface Route<Cozy> {
  /** Several are divided by a bar. */
  readonly method: string;
  readonly path: RegExp;
  readonly place: CozyPlace;
  take(cozy: Cozy, request: CozyRequest, ...parts: string[]): Reply | Promise<Reply>;
}

/** Serves the routes; the first that fits is taken. */
export async function startStack<Cozy extends Stack>(
  options: CozyOptions,
  routes: readonly Route<Cozy>[],
  make: (stack: Stack) => Cozy,
): Promise<{ readonly server: EmulatedServer<CozyPlace>; readonly cozy: Cozy }> {
  const running: { cozy: Cozy | null } = { cozy: null };
  const server = await startEmulatedServer<CozyRequest, CozyPlace>(options, {
    read: readRequest,
    placeOf: ({ method, path }) => routes.find((each) => fits(each, method, path))?.place ?? "page",
    shownPath: withoutSecrets,
    misdirected: page(404, "<p>There is no such instance.</p>"),
    answer: async (request) => {
      if (running.cozy === null) throw new Error("The emulated Cozy is not ready.");
      return answer(running.cozy, routes, request);
    },
  });
  const cozy = make(newStack(options, server));
  running.cozy = cozy;
  return { server, cozy };
}

function newStack(options: CozyOptions, server: EmulatedServer<CozyPlace>): Stack {
  const { hostname, ownerMail, resolve, send } = options;
  const domain = hostOf(hostname, server.port);
  const origin = `https://${domain}`;
  const passphrase = `passphrase of ${hostname}`;
  const mails: Letter[] = [];
  return {
    hostname,
    domain,
    origin,
    publicName: options.publicName ?? hostname.split(".")[0] ?? hostname,
    ownerMail,
    resolve,
    credentials: new Credentials(domain),
    documents: new Documents(),
    logins: new Logins(origin, passphrase),
    browser: new OwnerBrowser(resolve, origin, passphrase),
    background: new Background(),
    mails,
    post: async (letter) => {
      await send?.(letter);
      mails.push(letter);
    },
    refuse: server.refuse,
  };
}

function fits({ method, path }: Route<never>, asked: string, askedPath: string): boolean {
  return method.split("|").includes(asked) && path.test(askedPath);
}

async function answer<Cozy extends Stack>(
  cozy: Cozy,
  routes: readonly Route<Cozy>[],
  request: CozyRequest,
): Promise<Reply> {
  try {
    const route = routes.find((each) => fits(each, request.method, request.path));
    if (route === undefined) throw nothingThere(routes, request);
    const parts = route.path.exec(request.path)?.slice(1) ?? [];
    const reply = await route.take(cozy, request, ...parts.map((part) => decodeURIComponent(part)));
    return request.method === "HEAD" ? { ...reply, body: "" } : reply;
  } catch (cause) {
    if (!(cause instanceof Refused)) throw cause;
    cozy.refuse(`${request.method} ${withoutSecrets(request)}: ${cause.message}`);
    return cause.reply;
  }
}

function nothingThere(routes: readonly Route<never>[], { path }: CozyRequest): Refused {
  const isOtherMethod = routes.some((each) => each.path.test(path));
  return isOtherMethod ? plainError(405, "Method Not Allowed") : notFound("Page not found");
}

const harmless = new Set([
  "Recursive",
  "Doctype",
  "App_slug",
  "Type",
  "rev",
  "sharing_type",
  "response_type",
]);

/** Path and query with ids shortened and everything secret left out. */
function withoutSecrets({ path, query }: Pick<CozyRequest, "path" | "query">): string {
  const shown = [...query].map(([name, value]) => `${name}=${harmless.has(name) ? value : "…"}`);
  const short = path.replaceAll(/([0-9A-Za-z]{6})[0-9A-Za-z]{26}(?![0-9A-Za-z])/g, "$1…");
  return shown.length === 0 ? short : `${short}?${shown.join("&")}`;
}
