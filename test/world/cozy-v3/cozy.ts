/**
 * A Cozy of the current generation (reference/cozy.md 2.4, 3.4, 3.5, 7, 8 and 9), as sharer and as recipient.
 *
 * How a test drives each step:
 *
 * | step | sharer | recipient |
 * | --- | --- | --- |
 * | create and mail | `owner.share({description, rules, recipients})`, then `mails()` or `send` has the mail with its `link` | |
 * | offer a shortcut | the same, with a contact whose `cozy` is known: PUT /sharings/:id in place of a mail | `mails()` has notifications_sharing |
 * | look at it | | `owner.open(link)` goes through discovery or preview as a browser does, and gives the sharing's id |
 * | accept | `settled()` waits for what follows: initial sync and list of members | `owner.accept(id)` |
 * | refuse | the protocol has no such step | `owner.open` without `owner.accept` |
 * | invite others | `owner.invite(id, contacts)` | the same, where the sharing is open |
 * | change rights | `owner.setReadOnly(id, index, true)` | |
 * | change documents | `owner.change`, `owner.remove`, `owner.addFile` | the same; `documents(doctype)` shows what arrived |
 * | leave | | `owner.leave(id)` |
 * | revoke | `owner.revoke(id)`, `owner.revokeMember(id, index)`, `owner.revokeGroup(id, index)` | |
 * | trouble | `misbehave(fault, place)`, `goDown()`, `comeUp()`, `expireTokens()` | the same |
 *
 * `sharings()`, `tokens()`, `documents()`, `called()` show its state, `refusals()` everything that it refused or missed in an
 * answer, `failures()` what it could not bring to another Cozy. Other Cozys are found through `resolve`, on loopback alone.
 * Not emulated, because the reference does not describe them: the files of drives, POST public-key, push messages.
 */
import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import {
  type EmulatedServerOptions,
  hostOf,
  type Observed,
  startEmulatedServer,
  type Trouble,
} from "../emulated-server.ts";
import { type Called, newCaller, type Reachable } from "./caller.ts";
import { Documents, type StoredDocument } from "./documents.ts";
import type { Instance, SentMail, Settings } from "./instance.ts";
import type { MemberStatus, Sharing } from "./model.ts";
import { ownerControls } from "./owner.ts";
import { answer, type Place, placeOf } from "./routes.ts";
import { type CozyRequest, page, readRequest } from "./wire.ts";

export interface CozyV3Options extends EmulatedServerOptions {
  readonly owner: { readonly publicName: string; readonly email: string };
  /** Where the host of another Cozy is found; null where there is none. */
  readonly resolve: (host: string) => Reachable | null;
  /** Takes the mails that it sends; they are kept in `mails()` in any case. */
  readonly send?: (mail: SentMail) => void | Promise<void>;
  readonly settings?: Partial<Settings>;
}

export interface CozyV3 extends Trouble<Place>, Observed<Place>, AsyncDisposable {
  readonly port: number;
  /** `https://hostname:port`. */
  readonly origin: string;
  readonly owner: ReturnType<typeof ownerControls>;
  /** May be changed while it runs. */
  readonly settings: Settings;
  sharings(): readonly Sharing[];
  sharing(id: string): Sharing | null;
  /** Of a sharing's members, the owner first; empty for an unknown one. */
  statuses(id: string): readonly MemberStatus[];
  documents(doctype: string): readonly StoredDocument[];
  mails(): readonly SentMail[];
  /** Access tokens that it issued and that still work, with their scopes. */
  tokens(): readonly { readonly token: string; readonly scope: string }[];
  clientCount(): number;
  isTrustedContact(email: string): boolean;
  called(): readonly Called[];
  failures(): readonly string[];
  /** Access tokens that it issued have expired; refresh tokens work on. */
  expireTokens(): void;
  /** Everything that follows from answered requests is done. */
  settled(): Promise<void>;
}

/** Starts a Cozy of the current generation with one owner, on 127.0.0.1. */
export async function startCozyV3(options: CozyV3Options): Promise<CozyV3> {
  const ending = new AbortController();
  let instance: Instance | null = null;
  const server = await startEmulatedServer<CozyRequest, Place>(options, {
    read: readRequest,
    placeOf,
    shownPath: ({ path }) => path,
    answer: async (request) => {
      if (instance === null) throw new Error("The emulated Cozy is not ready.");
      return answer(instance, request);
    },
    misdirected: page(421, "<p>This is another server.</p>"),
  });
  const jobs = newJobs();
  const settings = { ...usualSettings(), ...options.settings };
  const { call, called } = newCaller({ resolve: options.resolve, settings, signal: ending.signal });
  const made = newInstance({ ...options, settings }, hostOf(options.hostname, server.port), {
    call,
    refuse: server.refuse,
    background: (what, work) =>
      jobs.add(work().catch((cause: unknown) => void made.failures.push(`${what}: ${String(cause)}`))),
    wait: async (ms) => pause(ms, undefined, { signal: ending.signal }),
  });
  instance = made;
  return {
    ...server,
    origin: made.origin,
    owner: ownerControls(made),
    settings: made.settings,
    ...views(made),
    called,
    settled: jobs.settled,
    [Symbol.asyncDispose]: async () => {
      ending.abort();
      await jobs.settled();
      await server[Symbol.asyncDispose]();
    },
  };
}

function newJobs() {
  const running = new Set<Promise<void>>();
  return {
    add: (job: Promise<void>): void => {
      running.add(job);
      void job.finally(() => running.delete(job));
    },
    settled: async (): Promise<void> => {
      while (running.size > 0) await Promise.all(running);
    },
  };
}

function newInstance(
  { owner, settings, send = () => {} }: CozyV3Options & { readonly settings: Settings },
  domain: string,
  outside: Pick<Instance, "call" | "refuse" | "background" | "wait">,
): Instance {
  return {
    ...outside,
    owner,
    send,
    domain,
    origin: `https://${domain}`,
    settings,
    sharings: new Map(),
    previews: [],
    plainCodes: new Set(),
    codeKey: randomBytes(64),
    clients: new Map(),
    tokens: new Map(),
    apps: new Map(),
    contacts: new Map(),
    groups: new Map(),
    documents: new Documents(),
    uploads: new Map(),
    mails: [],
    answering: new Set(),
    logins: new Set(),
    csrfTokens: new Set(),
    failures: [],
  };
}

function usualSettings(): Settings {
  return {
    locale: "en",
    mjmlFails: false,
    noreplyAddress: "",
    noreplyName: "Twake",
    replyTo: "",
    notifiesChangedFiles: false,
    flatSubdomains: true,
    shareCodes: "short",
    maxMembersPerSharing: 90,
    patienceMs: 5000,
    autoAcceptTrusted: false,
    autoAcceptTrustedContacts: false,
    trustedDomains: [],
    organizations: new Map(),
    movedTo: "",
  };
}

function views({ sharings, documents, mails, tokens, clients, contacts, failures }: Instance) {
  return {
    sharings: () => [...sharings.values()],
    sharing: (id: string) => sharings.get(id) ?? null,
    statuses: (id: string) => (sharings.get(id)?.members ?? []).map(({ status }) => status),
    documents: (doctype: string) => documents.list(doctype),
    mails: () => [...mails],
    tokens: () =>
      [...tokens]
        .filter(([, { kind, expiresAt }]) => kind === "access" && expiresAt > Date.now())
        .map(([token, { scope }]) => ({ token, scope })),
    clientCount: () => clients.size,
    isTrustedContact: (email: string) =>
      [...contacts.values()].some((each) => each.email === email && each.trustedForSharing),
    failures: () => [...failures],
    expireTokens: () => {
      for (const issued of tokens.values()) if (issued.kind === "access") issued.expiresAt = 0;
    },
  };
}
