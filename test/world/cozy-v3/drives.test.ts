import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CozyV3Options } from "./cozy.ts";
import {
  type Cast,
  credentialsOf,
  emailOf,
  meet,
  openStage,
  settled,
  shareAlbum,
  type Stage,
} from "./stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(async () => stage[Symbol.asyncDispose]());

/** Alice shares a drive with Bob, whose Cozy she knows. */
async function shareDrive(cast: Cast) {
  const { alice, bob } = cast;
  const contact = alice.owner.addContact({ name: "Bob", email: emailOf("bob"), cozy: bob.origin });
  const album = await shareAlbum(cast, { isDrive: true, recipients: [contact], previewPath: "/preview" });
  await settled(cast);
  return album;
}

test("a drive is offered with its token and state; its mail leads to the reader's own Cozy", async () => {
  await using cast = await meet(stage);
  const { alice, bob } = cast;
  const { sharing, directory } = await shareDrive(cast);
  const { state, drive_token } = credentialsOf(alice, sharing);
  expect(credentialsOf(bob, sharing)).toMatchObject({ state, drive_token });
  expect(bob.sharing(sharing)?.rules[0]?.values).toEqual([directory]);
  const query = new URLSearchParams({ sharing_id: sharing, state });
  expect(bob.mails()[0]).toMatchObject({
    subject: "Alice has shared a drive with you",
    link: `${bob.origin}/auth/authorize/sharing?${String(query)}`,
  });
  expect(bob.statuses(sharing)).toEqual(["owner", "mail-not-sent"]);
  await bob.owner.accept(await bob.owner.open(bob.mails()[0]?.link ?? ""));
  await settled(cast);
  expect(alice.statuses(sharing)).toEqual(["owner", "ready"]);
  expect(bob.documents("io.cozy.files").map(({ fields }) => fields["name"])).not.toContain("beach.txt");
});

test("the owner takes a drive back from a member that never answered, with the drive_token", async () => {
  await using cast = await meet(stage);
  const { alice, bob } = cast;
  const { sharing } = await shareDrive(cast);
  await alice.owner.revoke(sharing);
  expect([bob.statuses(sharing)[1], bob.refusals()]).toEqual(["revoked", []]);
  expect(alice.sharing(sharing)).toBeNull();
  const url = `${bob.origin}/sharings/${sharing}`;
  expect((await cast.ask({ method: "DELETE", url, bearer: "wrong" })).status).toBe(403);
});

type Setting = NonNullable<CozyV3Options["settings"]>;

const trusted = { autoAcceptTrusted: true, autoAcceptTrustedContacts: true };

function domains(...trustedDomains: string[]): Setting {
  return { autoAcceptTrusted: true, trustedDomains };
}

describe("S3 model/sharing trust: a drive is accepted by itself", () => {
  test.each<[string, Setting, boolean]>([
    ["from the same organization", domains("cozy.example"), true],
    ["from this very host", domains("alice.cozy.example"), true],
    ["not from another organization", domains("other.example"), false],
    ["not from a domain that only ends alike", domains("ozy.example"), false],
    ["not where it is off", { trustedDomains: ["cozy.example"] }, false],
    ["not from an unknown contact", trusted, false],
  ])("%s", async (_, settings, isAccepted) => {
    await using cast = await meet(stage, { bob: { settings } });
    const { sharing } = await shareDrive(cast);
    expect(cast.bob.sharing(sharing)?.active).toBe(isAccepted);
    expect(cast.alice.statuses(sharing)).toEqual(["owner", isAccepted ? "ready" : "pending"]);
  });

  test.each([
    ["from a trusted contact", { trustedForSharing: true }, trusted, true],
    ["not from a contact that is not trusted", { trustedForSharing: false }, trusted, false],
    ["not where contacts do not count", { trustedForSharing: true }, domains(), false],
  ])("%s", async (_, contact, settings, isAccepted) => {
    await using cast = await meet(stage, { bob: { settings } });
    cast.bob.owner.addContact({ name: "Alice", email: emailOf("alice"), ...contact });
    const { sharing } = await shareDrive(cast);
    expect(cast.bob.sharing(sharing)?.active).toBe(isAccepted);
  });

  test("a sharer is trusted once something of it was accepted", async () => {
    await using cast = await meet(stage, { bob: { settings: trusted } });
    const { bob } = cast;
    const { sharing, link } = await shareAlbum(cast);
    await bob.owner.accept(await bob.owner.open(link));
    expect([bob.sharing(sharing)?.active, bob.isTrustedContact(emailOf("alice"))]).toEqual([true, true]);
    const drive = await shareDrive(cast);
    expect(bob.sharing(drive.sharing)?.active).toBe(true);
  });

  test("not an ordinary sharing, and not while a person is waiting", async () => {
    await using cast = await meet(stage, { bob: { settings: domains("cozy.example") } });
    const { alice, bob } = cast;
    const { sharing, link } = await shareAlbum(cast);
    await bob.owner.open(link);
    const contact = alice.owner.addContact({ name: "Bob", email: emailOf("bob") });
    const drive = await shareAlbum(cast, { isDrive: true, recipients: [contact] });
    await bob.owner.open(alice.mails()[1]?.link ?? "");
    await settled(cast);
    expect([bob.sharing(sharing)?.active, bob.sharing(drive.sharing)?.active]).toEqual([false, false]);
  });

  test("at the second try, where the owner's Cozy failed at the first", async () => {
    await using cast = await meet(stage, { bob: { settings: domains("cozy.example") } });
    cast.alice.misbehave({ kind: "status", status: 500, retryAfter: null }, "answer", 1);
    const { sharing } = await shareDrive(cast);
    expect([cast.alice.statuses(sharing)[1], cast.bob.failures()]).toEqual(["ready", []]);
  });

  test("or not at all after four tries, which the log tells", async () => {
    await using cast = await meet(stage, { bob: { settings: domains("cozy.example") } });
    cast.alice.misbehave({ kind: "status", status: 500, retryAfter: null }, "answer");
    const { sharing } = await shareDrive(cast);
    const tries = cast.bob.called().filter(({ path }) => path.endsWith("/answer"));
    expect([tries.length, cast.bob.failures().length]).toEqual([4, 1]);
    expect(cast.bob.sharing(sharing)?.active).toBe(false);
  });
});
