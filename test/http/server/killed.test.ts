import { join } from "node:path";
import { expect, test } from "vitest";
import { createServer } from "../../../src/http/server/server.ts";
import { readNotification } from "../../../src/store/notifications.ts";
import { readRecord } from "../../../src/store/records.ts";
import { createSealer, generateKey } from "../../../src/store/sealing.ts";
import { openStore } from "../../../src/store/store.ts";
import { temporaryDirectory } from "../../store/temporary.ts";
import { startChild } from "../../world/killed-process/child.ts";
import { addPage, addPerson, ask, serverParts } from "./world.ts";

test.each([
  ["before", "held", 200],
  ["after", "accepted", 404],
])(
  "a server killed %s it has committed an answer leaves the notification %s; answering again gives %i, and all in all once",
  async (moment, state, again) => {
    await using directory = await temporaryDirectory();
    const file = join(directory.path, "usher.sqlite");
    const key = generateKey();
    const sealer = createSealer(key);
    await using store = await openStore(file);
    const alice = await addPerson({ store, sealer }, "alice");
    const page = await addPage({ store }, alice);
    {
      await using child = startChild("answer-until-killed-main.ts", file, key.reveal(), moment);
      const port = Number(await child.line());
      await expect(accept(port, page)).rejects.toThrow(/hang up|ECONNRESET/);
      expect((await child.rest()).code).toBeNull();
    }
    expect((await readNotification(store.db, alice.notification.id))?.state).toBe(state);
    await using server = await createServer(serverParts(store, sealer, { logged: [] }));
    expect(await accept(Number(new URL(server.address).port), page)).toBe(again);
    expect((await readNotification(store.db, alice.notification.id))?.state).toBe("accepted");
    const record = await readRecord(store.db, alice.notification.id);
    expect(record.filter(({ kind }) => kind === "decision")).toHaveLength(1);
    const jobs = store.db.selectFrom("job").select("kind").where("kind", "!=", "send-invitation");
    expect(await jobs.execute()).toEqual([{ kind: "follow" }]);
  },
);

/** As a browser: loads the page and sends its form; the link alone where there is no form any more. */
async function accept(port: number, page: string): Promise<number> {
  const shown = await ask({ port }, "GET", page);
  const form = /name="form" value="([^"]+)"/.exec(shown.text)?.[1] ?? "";
  return (await ask({ port }, "POST", page, { form: { form, action: "accept" } })).status;
}
