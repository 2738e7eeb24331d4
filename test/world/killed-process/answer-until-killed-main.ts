import { Secret } from "../../../src/config/secret.ts";
import { createServer } from "../../../src/http/server/server.ts";
import { createSealer } from "../../../src/store/sealing.ts";
import { openStore } from "../../../src/store/store.ts";
import { serverParts } from "../../http/server/world.ts";

// Serves answer pages and dies of the first answer, before or after its commit: answer-until-killed-main.ts STORE KEY MOMENT
const [file = "", key = "", moment = ""] = process.argv.slice(2);
const store = await openStore(file);
const parts = serverParts(store, createSealer(new Secret(key)), { logged: [] });
const answers = await parts.answers();
const { address } = await createServer({
  ...parts,
  answers: async () =>
    Promise.resolve({
      ...answers,
      accept: async (db, id, answer) => {
        const answered = await answers.accept(db, id, answer);
        if (moment === "before") process.kill(process.pid, "SIGKILL");
        return answered;
      },
    }),
  pages: {
    ...parts.pages,
    answered: (locale, page) => {
      process.kill(process.pid, "SIGKILL");
      return parts.pages.answered(locale, page);
    },
  },
});
console.log(new URL(address).port);
