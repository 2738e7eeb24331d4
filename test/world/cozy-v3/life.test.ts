import { afterAll, beforeAll, expect, test } from "vitest";
import { meet, settled, shareAlbum, sharedAlbum, type Stage, openStage, emailOf } from "./stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(async () => stage[Symbol.asyncDispose]());

const files = "io.cozy.files";

test("a sharing goes by mail through discovery to its acceptance, and the files follow", async () => {
  await using cast = await meet(stage);
  const { alice, bob } = cast;
  const { sharing, link } = await shareAlbum(cast);
  expect(alice.statuses(sharing)).toEqual(["owner", "pending"]);
  expect(link).toMatch(
    /^https:\/\/alice\.cozy\.example:\d+\/sharings\/[0-9a-f]{32}\/discovery\?state=[\w-]{22}$/,
  );
  expect(await bob.owner.open(link)).toBe(sharing);
  expect(bob.sharing(sharing)).toMatchObject({ active: false, owner: false, description: "Holiday" });
  await bob.owner.accept(sharing);
  await settled(cast);
  expect(alice.statuses(sharing)).toEqual(["owner", "ready"]);
  expect(bob.statuses(sharing)).toEqual(["owner", "ready"]);
  const received = bob.documents(files).map(({ fields, content }) => [fields["name"], content?.toString()]);
  expect(received).toEqual([
    ["Holiday", undefined],
    ["beach.txt", "sand"],
  ]);
  for (const cozy of [alice, bob]) expect([cozy.refusals(), cozy.failures()]).toEqual([[], []]);
});

test("changes go both ways after the rules, and no document has the same id on both sides", async () => {
  await using cast = await meet(stage);
  const { alice, bob } = cast;
  const { file } = await sharedAlbum(cast);
  const [copy] = bob.documents(files).filter(({ fields }) => fields["name"] === "beach.txt");
  expect(copy?.id).not.toBe(file);
  bob.owner.change(files, copy?.id ?? "", {}, "pebbles");
  await settled(cast);
  expect(
    alice
      .documents(files)
      .find(({ id }) => id === file)
      ?.content?.toString(),
  ).toBe("pebbles");
  await alice.owner.remove(files, file);
  await settled(cast);
  expect(bob.documents(files).map(({ fields }) => fields["name"])).toEqual(["Holiday"]);
  expect([...alice.refusals(), ...bob.refusals(), ...alice.failures(), ...bob.failures()]).toEqual([]);
});

test.each(["short", "jwt"] as const)(
  "a preview with a %s sharecode leads to the sharing",
  async (shareCodes) => {
    await using cast = await meet(stage, { alice: { settings: { shareCodes } } });
    const { alice, bob } = cast;
    const { sharing, link } = await shareAlbum(cast, { previewPath: "/preview" });
    const host = new URL(link);
    expect([host.hostname, host.pathname]).toEqual(["alice-drive.cozy.example", "/preview"]);
    expect(await bob.owner.open(link)).toBe(sharing);
    expect(alice.statuses(sharing)).toEqual(["owner", "seen"]);
    await bob.owner.accept(sharing);
    expect(alice.statuses(sharing)).toEqual(["owner", "ready"]);
  },
);

test("a member whose Cozy is known finds a shortcut, and gets a mail from the own Cozy alone", async () => {
  await using cast = await meet(stage, { bob: { settings: { locale: "fr" } } });
  const { alice, bob } = cast;
  const contact = alice.owner.addContact({ name: "Bob", email: emailOf("bob"), cozy: bob.origin });
  const { sharing } = await shareAlbum(cast, { recipients: [contact] });
  expect([alice.mails(), alice.statuses(sharing)]).toEqual([[], ["owner", "pending"]]);
  const [mail] = bob.mails();
  expect(mail).toMatchObject({ template: "notifications_sharing", recipient: emailOf("bob") });
  const folder = bob.documents(files).find(({ fields }) => fields["name"] === "Partages reçus");
  const shortcut = bob.documents(files).find(({ fields }) => fields["name"] === "Holiday.url");
  expect(shortcut?.content?.toString()).toBe(`[InternetShortcut]\r\nURL=${mail?.link ?? ""}\r\n`);
  expect(shortcut?.fields).toMatchObject({
    dir_id: folder?.id,
    mime: "application/internet-shortcut",
    metadata: { sharing: { status: "new" } },
    referenced_by: [{ type: "io.cozy.sharings", id: sharing }],
  });
  await bob.owner.accept(await bob.owner.open(mail?.link ?? ""));
  await settled(cast);
  expect(alice.statuses(sharing)).toEqual(["owner", "ready"]);
  expect(bob.documents(files).map(({ fields }) => fields["name"])).not.toContain("Holiday.url");
});

test("a member without e-mail address is invited at its Cozy, or not at all", async () => {
  await using cast = await meet(stage);
  const { alice, bob } = cast;
  const known = alice.owner.addContact({ name: "Bob", cozy: bob.origin });
  const { sharing } = await shareAlbum(cast, { recipients: [known] });
  expect(alice.statuses(sharing)).toEqual(["owner", "pending"]);
  await bob.goDown();
  await expect(shareAlbum(cast, { recipients: [known] })).rejects.toMatchObject({
    status: 400,
    message: "The invitation cannot be sent",
  });
  expect(alice.sharings().map(({ members }) => members[1]?.status)).toEqual(["pending", "mail-not-sent"]);
});

test("one member that cannot be invited does not stop the others", async () => {
  await using cast = await meet(stage);
  const { alice, bob } = cast;
  await bob.goDown();
  const gone = alice.owner.addContact({ name: "Bob", cozy: bob.origin });
  const carol = alice.owner.addContact({ name: "Carol", email: emailOf("carol") });
  await expect(shareAlbum(cast, { recipients: [gone, carol] })).rejects.toThrow("cannot be sent");
  expect(alice.sharings()[0]?.members.map(({ status }) => status)).toEqual([
    "owner",
    "mail-not-sent",
    "pending",
  ]);
  expect(alice.mails().map(({ recipient }) => recipient)).toEqual([emailOf("carol")]);
});

test("push rules bring changes to the members alone, and none for what has no verb", async () => {
  await using cast = await meet(stage);
  const { alice, bob } = cast;
  const push = { add: "push", update: "push", remove: "none" };
  const note = alice.owner.addDocument("io.cozy.todos", { text: "milk" });
  const bobs = alice.owner.addContact({ name: "Bob", email: emailOf("bob") });
  await alice.owner.share({
    description: "Errands",
    rules: [{ title: "todos", doctype: "io.cozy.todos", values: [note], ...push }],
    recipients: [bobs],
  });
  const id = await bob.owner.open(alice.mails()[0]?.link ?? "");
  await bob.owner.accept(id);
  alice.owner.change("io.cozy.todos", note, { text: "bread" });
  await settled(cast);
  const [copy] = bob.documents("io.cozy.todos");
  expect(copy?.fields).toEqual({ text: "bread" });
  bob.owner.change("io.cozy.todos", copy?.id ?? "", { text: "nothing" });
  await alice.owner.remove("io.cozy.todos", note);
  await settled(cast);
  expect(bob.documents("io.cozy.todos")[0]?.fields).toEqual({ text: "nothing" });
});
