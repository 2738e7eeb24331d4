import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { usher } from "../world/site.ts";

/** Every command, with words that it would take if there were a configuration. */
const commands: Readonly<Record<string, string>> = {
  check: "",
  serve: "",
  doctor: "",
  "doctor keys": "",
  "doctor peer": "cloud.example.org",
  "account add": "bob --address bob@example.org",
  "account list": "",
  "account show": "bob",
  "account change": "bob --locale de",
  "account remove": "bob --yes",
  "account instance": "bob bob.share.example.org",
  "account home add": "bob --ox https://ox.example.org/ajax/ --login bob --password-stdin",
  "account home test": "bob",
  "account home remove": "bob",
  "mailbox add": "bob --server local --login bob --master",
  "mailbox test": "bob",
  "mailbox scan": "bob",
  "mailbox list": "",
  "mailbox enable": "bob",
  "mailbox remove": "bob",
  "policy test": "share.eml --for bob@example.org",
  "policy show": "",
  "policy set": "bob rules.yaml",
  "policy clear": "bob",
  "contact add": "bob carla@example.net",
  "contact list": "bob",
  "contact remove": "bob carla@example.net",
  "contact trust": "bob carla@example.net",
  "contact untrust": "bob carla@example.net",
  "notification list": "",
  "notification show": "n1",
  "notification add": "bob 5f0f8a2e-7f0e-4b51-9d6c-0c1b2a3d4e5f@cloud.example.org",
  "notification accept": "n1",
  "notification ignore": "n1",
  "notification refuse": "n1",
  "notification explain": "n1",
  replay: "--since 30d",
  "subscription list": "",
  "subscription show": "s1",
  "subscription browse": "s1",
  "subscription get": "s1 plan.odt",
  "subscription check": "s1",
  "subscription remove": "s1",
  "sharing create": "--account bob --title Plans --link https://cloud.example.org/s/1 --to carla@example.org",
  "sharing list": "",
  "sharing show": "h1",
  "sharing watch": "h1",
  "sharing add": "h1 --to carla@example.org",
  "sharing remind": "h1",
  "sharing resend": "h1",
  "sharing revoke": "h1",
  "sharing invite": "bob carla@example.org",
  "sharing invites": "bob",
  "sharing uninvite": "v1",
  "sharing muted": "",
  "sharing unmute": "bob carla@example.org",
  "sharing suppressed": "",
  "sharing lift": "carla@example.org",
  "sharing federate":
    "bob --title Plans --webdav https://files.example.org/ --to carla@cloud.example --secret-stdin",
  "sharing cozy create": "--account bob --type rules --permissions rules.json --recipient carla@example.org",
  "sharing cozy list": "",
  "sharing cozy show": "z1",
  "sharing cozy add": "z1 --recipient carla@example.org",
  "sharing cozy send": "z1",
  "sharing cozy revoke": "z1",
  "sharing cozy leave": "z1",
  "token add": "phone --scope notifications:read",
  "token list": "",
  "token remove": "phone",
  "template check": "",
  "template list": "",
  "template eject": "invitation --to templates",
  "template preview": "invitation",
  "template send": "invitation --to bob@example.org",
};
/** Commands that have others below them and can be called without those. */
const doesSomethingItself = new Set(["doctor"]);
const withoutConfiguration = ["init", "inspect"];

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "usher-commands-"));
});
afterAll(async () => rm(directory, { recursive: true }));

/** Commands that `--help` names below this one, down to those that have none. */
async function leavesBelow(path: readonly string[]): Promise<readonly string[]> {
  const help = await usher(null, [...path, "--help"]);
  expect([path, help.code, help.err]).toEqual([path, 0, ""]);
  expect(help.out).toMatch(new RegExp(`^Usage: usher ${["", ...path].join(" ").trim()}`));
  const [, listed] = help.out.split("\nCommands:\n");
  const own = [path.join(" ")];
  if (listed === undefined) return own;
  const names = [...listed.matchAll(/^ {2}([a-z]+)/gm)].map(([, name]) => name ?? "");
  const below = names.filter((name) => name !== "help").map(async (name) => leavesBelow([...path, name]));
  const all = (await Promise.all(below)).flat();
  return doesSomethingItself.has(path.join(" ")) ? [...own, ...all] : all;
}

test("every command has a --help that ends well, and none is missing here", async () => {
  const leaves = await leavesBelow([]);
  expect(leaves.toSorted()).toEqual([...Object.keys(commands), ...withoutConfiguration].toSorted());
});

test.each(Object.entries(commands))(
  "usher %s without a configuration says how to get one (exit code 78)",
  async (name, words) => {
    const file = join(directory, "missing.yaml");
    const args = [...name.split(" "), ...words.split(" ").filter((word) => word !== "")];
    const run = await usher(file, args, "secret");
    expect([run.code, run.out]).toEqual([78, expect.not.stringContaining("at ")]);
    const said = run.out + run.err;
    expect(said).toContain(`${file} does not exist`);
    expect(said).toContain("usher init");
  },
);

test.each([
  ["an unknown command", ["nonsense"], "unknown command 'nonsense'"],
  ["an unknown command of a group", ["account", "nonsense"], "unknown command 'nonsense'"],
  ["an unknown option", ["doctor", "--nonsense"], "unknown option '--nonsense'"],
  ["a missing argument", ["account", "show"], "missing required argument 'name'"],
  ["a missing option", ["account", "add", "bob"], "required option '--address"],
  ["one argument too many", ["doctor", "now"], "too many arguments"],
])("%s is wrong usage (exit code 2)", async (_, args, words) => {
  const run = await usher(null, args);
  expect([run.code, run.out]).toEqual([2, ""]);
  expect(run.err).toContain(words);
  expect(run.err).toContain("--help");
});

test("after usher init every command has a configuration", async () => {
  const place = join(directory, "new");
  expect((await usher(null, ["init", "--directory", place])).code).toBe(0);
  expect((await stat(join(place, "usher.key"))).mode & 0o777).toBe(0o600);
  const file = join(place, "usher.yaml");
  expect((await usher(file, ["check"])).code).toBe(0);
  expect(await usher(file, ["account", "list", "--json"])).toEqual({ code: 0, out: "[]\n", err: "" });
});
