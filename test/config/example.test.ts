import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { problemLines } from "../../src/config/problem.ts";
import { newSiteKeys } from "../../src/config/site-keys.ts";
import { openWorkplace } from "./workplace.ts";

/** Prose begins with a capital or a word and a blank; what can be switched on looks like YAML. */
function uncommented(example: string): string {
  return example
    .split("\n")
    .map((line) => line.replace(/^(\s*)# (?=\s*(?:- |[a-zA-Z]+:(?: |$)))/, "$1"))
    .join("\n")
    .replace("trustedAuthservIds: []\n", "")
    .replace("policy: []\n", "");
}

test("everything that the example offers in comments is right when it is switched on", async () => {
  const example = await readFile(new URL("../../config/usher.yaml", import.meta.url), "utf8");
  await using place = await openWorkplace();
  for (const name of ["dovecot-master.pw", "smtp.pw"]) await place.write(name, "secret\n");
  await place.write("usher-ocm.pem", await newSiteKeys());
  const loaded = await place.load(
    uncommented(example).replace("ca: mail-ca.pem", "ca:").replace(": templates", ": ."),
  );
  expect(loaded.ok ? [] : problemLines(loaded.problems)).toEqual([]);
  expect(loaded).toMatchObject({
    config: {
      mailServers: { local: { masterUser: { login: "usher" } } },
      trustedAuthservIds: ["mx.example.org"],
      addresses: { subaddress: "+" },
      mailbox: { answerFolder: "Shares", keywords: true },
      policy: [
        { contact: "trusted", evidence: ["link-aligned", "no-signals"] },
        { originHost: "spam.example.net", notify: false },
      ],
      server: { listen: { host: "127.0.0.1", port: 8460 }, trustedProxies: ["127.0.0.1/32"] },
      outbound: { exceptions: [{ host: "cloud.example.internal" }] },
      smtp: { port: 587, from: { address: "usher@example.org" } },
    },
    warnings: [],
  });
});
