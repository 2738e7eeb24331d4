import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeCertificates } from "../tls.ts";
import { Browser, type Page, readFragment } from "./browser.ts";
import { type OxOrigin, type OxOriginOptions, startOxOrigin } from "./origin.ts";
import type { Guest } from "./shares.ts";

export interface Stage extends AsyncDisposable {
  readonly directory: string;
  readonly ca: string;
  readonly tls: {
    readonly cert: string;
    readonly key: string;
    readonly certFile: string;
    readonly keyFile: string;
  };
}

/** Names of the servers in tests; the certificates hold them all. */
export const cloudHost = "share.cloud-a.example";
export const homeHost = "ox.recipient.example";

/** Certificates in a temporary directory that goes with the stage. */
export async function openStage(): Promise<Stage> {
  const directory = await mkdtemp(join(tmpdir(), "usher-ox-"));
  const certificates = await makeCertificates(directory);
  const tls = await certificates.certificate([cloudHost, homeHost, "localhost"]);
  return {
    directory,
    ca: certificates.ca,
    tls,
    [Symbol.asyncDispose]: async () => rm(directory, { recursive: true }),
  };
}

export interface SharedFolder extends AsyncDisposable {
  readonly origin: OxOrigin;
  /** Bob, a named guest without password, to whom folder 39 with two files is shared. */
  readonly bob: Guest;
  readonly link: string;
  readonly browser: Browser;
}

export const bobsMail = "bob@recipient.example";

/** An originating server with one shared folder, and a client for it. */
export async function shareFolder(
  stage: Stage,
  options: Partial<OxOriginOptions> = {},
): Promise<SharedFolder> {
  const origin = await startOxOrigin({ tls: stage.tls, hostname: cloudHost, ...options });
  const bob = origin.addGuest({ mail: bobsMail });
  origin.addFolder({
    id: "39",
    title: "Harbour plans",
    files: [
      { id: "101", name: "pier.pdf", sizeBytes: 1200 },
      { id: "102", name: "crew.jpg", sizeBytes: 34_000 },
    ],
    guests: [bob.token],
  });
  const link = origin.link(bob.token, "39");
  const browser = new Browser({ ca: stage.ca });
  return { origin, bob, link, browser, [Symbol.asyncDispose]: async () => origin[Symbol.asyncDispose]() };
}

/** Opens a link as the protocol asks, and gives the fields of the redirect. */
export async function openLink(
  browser: Browser,
  link: string,
): Promise<{ readonly page: Page; readonly told: Readonly<Record<string, string>> }> {
  const page = await browser.browse("GET", `${link}?allow_enqueue=true`);
  return { page, told: readFragment(String(page.headers["location"])) };
}

/** The address of an API call within a session. */
export function callUrl(
  base: string,
  module: string,
  session: string,
  query: Readonly<Record<string, string>>,
): string {
  const whole = new URLSearchParams({ ...query, session, allow_enqueue: "true" });
  return `${base}${module}?${String(whole)}`;
}

/** An answer of the HTTP API as tests look into it. */
export interface Answer {
  readonly session: string;
  readonly data: { readonly job: string; readonly [name: string]: unknown };
  readonly [name: string]: unknown;
}

export function answerIn(page: Page): Answer {
  const answer: Answer = JSON.parse(page.text);
  return answer;
}
