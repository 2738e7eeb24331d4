import { simpleParser } from "mailparser";
import { afterAll, beforeAll, expect, test } from "vitest";
import { tokenScopes } from "../../src/store/api-tokens.ts";
import { fingerprint, json, publicHost } from "../http/server/world.ts";
import { addressOf } from "../world/world.ts";
import { type AnswerScene, noticeArrives, noWorkLeft, openAnswerScene, pageIn } from "./answer-scene.ts";
import { atSecond, deliverAndFind, notificationIn, subscriptionOf, until } from "./scene.ts";

const bob = addressOf("bob");
let scene: AnswerScene;

beforeAll(async () => {
  scene = await openAnswerScene({ mailbox: { pollEvery: "1h" } });
  await scene.start();
});
afterAll(async () => scene[Symbol.asyncDispose]());

async function held(title: string): Promise<string> {
  const { mail } = scene.world.share(bob, { title, files: ["quay.odt"] });
  return (await deliverAndFind(scene, mail, title)).id;
}

interface Ids {
  readonly notification: string;
  readonly subscription: string;
  readonly sharing: string;
  readonly invite: string;
}

/** Every path of the API that can be asked with GET, with the ids and parameters of what is there. */
async function pathsOf(ids: Ids) {
  const { paths } = json(await scene.ask("GET", "/api/v1/openapi.json"));
  if (typeof paths !== "object" || paths === null) throw new Error("The document names no paths.");
  return Object.entries(paths)
    .filter(([, operations]) => "get" in operations)
    .map(([path]) => {
      const [, kind = ""] = /\/(invite|notification|sharing)s\/\{/.exec(path) ?? [];
      const id =
        kind === "sharing" || kind === "notification" || kind === "invite" ? ids[kind] : ids.subscription;
      return path.replace("{id}", id) + (path.endsWith("/content") ? "?path=quay.odt" : "");
    });
}

/** A sharing of bob's, and the page of whom it invites. */
async function shared(): Promise<{ readonly sharing: string; readonly page: string }> {
  const carla = addressOf("carla");
  const about = [
    "--account",
    "bob",
    "--title",
    "Shared",
    "--link",
    "https://cloud.example.org/s/1",
    "--to",
    carla,
  ];
  const { id } = await scene.usherJson<{ readonly id: string }>("sharing", "create", ...about);
  let text = "";
  await until("the invitation arrives", async () => {
    const query = ["-f", "json", "fetch", "-u", carla, "text", "mailbox", "INBOX"];
    const found = (await scene.world.dovecot.doveadm(...query).catch(() => "")) || "[]";
    const [mail]: readonly { readonly text: string }[] = JSON.parse(found);
    text = mail === undefined ? "" : ((await simpleParser(mail.text)).text ?? "");
    return text !== "";
  });
  const [, page = ""] = new RegExp(`https://${publicHost}(/invitation/[\\w.]+)`).exec(text) ?? [];
  return { sharing: id, page };
}

/** An invitation of bob's to another cloud. */
async function invited(): Promise<{ readonly id: string; readonly link: string }> {
  type Given = { readonly invites: readonly { readonly id: string; readonly link: string }[] };
  const { invites } = await scene.usherJson<Given>("sharing", "invite", "bob", "--print");
  const [invite] = invites;
  if (invite === undefined) throw new Error("Nobody was invited.");
  return invite;
}

/** What other clouds, and their users, look at. */
function federationPaths(link: string): readonly string[] {
  const { pathname, search } = new URL(link);
  const accept = `/ocm/invite-accept${search}&providerDomain=cloud.example.org`;
  const discovery = ["/.well-known/ocm", "/ocm-provider", "/ocm-provider/", "/.well-known/jwks.json"];
  return [...discovery, pathname + search, accept];
}

/** The schedule's own work, once in a minute, is no work of the crawl's. */
async function beginMinute(): Promise<void> {
  await noWorkLeft(scene);
  await until("the daemon has seen every mail that is there or on its way", everyMailIsSeen);
  await scene.daemon.end("SIGTERM");
  await scene.start(atSecond(1));
  await scene.daemon.waitFor("mailbox-connected");
  await noWorkLeft(scene);
}

/** Two share mails and the notices about them; the mailbox's own news is no work of the crawl's. */
async function everyMailIsSeen(): Promise<boolean> {
  const { db } = scene.store;
  const notices = await db.selectFrom("notice").select("id").where("state", "=", "sent").execute();
  const cursor = await db.selectFrom("mailbox_cursor").select("last_uid").executeTakeFirst();
  return cursor?.last_uid === 2 + notices.length;
}

test("a crawl of every GET and HEAD route of the running daemon with valid secrets changes no row", async () => {
  const followed = await held("Followed");
  await scene.usher("notification", "accept", followed, "--wait");
  await notificationIn(scene, "Followed", "followed");
  const waiting = await held("Waits");
  const page = pageIn(await noticeArrives(scene, "Waits"));
  const { id: subscription } = await subscriptionOf(scene, followed);
  const token = await scene.addToken("administrator", tokenScopes);
  const { sharing, page: invitation } = await shared();
  const { id: invite, link } = await invited();
  const below = await pathsOf({ notification: waiting, subscription, sharing, invite });
  const pages = ["/api/v1/openapi.json", "/pages.css", page, invitation, `${invitation}/mute`];
  const all = [...below, ...pages, ...federationPaths(link)];
  expect(all.length).toBeGreaterThan(10);
  await beginMinute();
  const before = await fingerprint(scene.store);
  const said: string[] = [];
  for (const path of all) {
    for (const method of ["GET", "HEAD", "GET"]) {
      const { status } = await scene.ask(method, path, { token });
      said.push(`${method} ${path} ${status}`);
    }
  }
  expect(said.filter((line) => !line.endsWith(" 200"))).toEqual([]);
  expect(await fingerprint(scene.store)).toBe(before);
  await notificationIn(scene, "Waits", "held");
  // The same look does notice a change.
  await scene.ask("POST", `/api/v1/notifications/${waiting}/ignore`, { token });
  expect(await fingerprint(scene.store)).not.toBe(before);
});
