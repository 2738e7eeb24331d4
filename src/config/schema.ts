import { z } from "zod";
import { limits } from "../domain/limits.ts";
import type { ConfigFiles } from "./files.ts";
import { field, orNull, type Parsed, right, section } from "./parsed.ts";
import { ocmConfig } from "./ocm.ts";
import { siteRules } from "./rules.ts";
import { secretOf } from "./secret-of.ts";
import { serverConfig } from "./server.ts";
import { sharingConfig } from "./sharing.ts";
import * as value from "./values.ts";

/**
 * Every key of the configuration file, with its default as it would be written. `files` reads what keys point to,
 * so that one parse finds every problem, those behind file names included.
 */
export function configSchema(files: ConfigFiles) {
  return z.strictObject({
    store: section({ file: field(pathOf(files)).prefault("/var/lib/usher/usher.db") }),
    key: field(secretOf(files, value.sealingKey)),
    mailServers: z.record(z.string(), mailServer(files)).check(serverNames).default({}),
    mailbox: section({
      pollEvery: field(value.durationMs(limits.intervalMinMs, limits.intervalMaxMs)).prefault("5m"),
      lookBack: field(value.durationMs(0, limits.lookBackMaxMs)).prefault("30d"),
      answerFolder: orNull(field(value.folderName)),
      keywords: field(value.yesOrNo).prefault(true),
    }).transform(({ pollEvery, lookBack, answerFolder, keywords }) => ({
      pollEveryMs: pollEvery,
      lookBackMs: lookBack,
      answerFolder,
      keywords,
    })),
    trustedAuthservIds: z.array(field(value.authservId)).default([]),
    dkim: section({ verify: field(value.yesOrNo).prefault(true) }),
    addresses: section({
      localPart: field(value.oneOf("as-given", "ignore-case")).prefault("as-given"),
      subaddress: orNull(field(value.separator)),
    }),
    policy: siteRules(),
    notifications: section({
      hold: field(value.durationMs(limits.holdMinMs, limits.holdMaxMs)).prefault("30d"),
      notify: field(value.yesOrNo).prefault(false),
    }).transform(({ hold, notify }) => ({ holdMs: hold, notify })),
    server: orNull(serverConfig()),
    subscriptions: section({
      checkEvery: field(value.durationMs(limits.intervalMinMs, limits.intervalMaxMs)).prefault("6h"),
      pauseAfterError: field(value.durationMs(limits.intervalMinMs, limits.intervalMaxMs)).prefault("1h"),
    }).transform((wait) => ({ checkEveryMs: wait.checkEvery, pauseAfterErrorMs: wait.pauseAfterError })),
    outbound: section({
      userAgent: field(value.userAgent).prefault("Usher/0.1"),
      exceptions: z.array(exception(files)).default([]),
    }),
    smtp: orNull(smtp(files)),
    sharing: sharingConfig(),
    ocm: ocmConfig(files),
    templates: section({
      directory: orNull(field(textThen(files.directory))),
      brand: orNull(field(textThen(files.directory))),
    }),
    log: section({
      level: field(value.oneOf("debug", "info", "warn", "error")).prefault("info"),
      format: field(value.oneOf("json", "text")).prefault("json"),
    }),
  });
}

const serverNames = z.superRefine(
  (servers: Readonly<Record<string, unknown>>, context) => {
    for (const name of Object.keys(servers)) {
      if (/^[a-z0-9][a-z0-9-]{0,62}$/.test(name)) continue;
      context.addIssue({
        code: "custom",
        path: [name],
        message: "not a name for a mail server.",
        params: { remedy: "Use lower-case letters, digits and hyphens, for example local." },
      });
    }
  },
  { when: () => true },
);

const tls = field(value.oneOf("implicit", "starttls", "none")).prefault("implicit");

function mailServer(files: ConfigFiles) {
  const shape = {
    host: field(value.host),
    port: orNull(field(value.port)),
    tls,
    ca: orNull(field(textThen(files.certificates))),
    masterUser: orNull(masterUser(files)),
  };
  return z
    .strictObject(shape)
    .transform((server) => ({ ...server, port: server.port ?? (server.tls === "implicit" ? 993 : 143) }));
}

function masterUser(files: ConfigFiles) {
  return z.strictObject({
    login: field(value.text),
    password: field(secretOf(files, right)),
    method: field(value.oneOf("separator", "authzid")).prefault("separator"),
    separator: field(value.separator).prefault("*"),
  });
}

function smtp(files: ConfigFiles) {
  const shape = {
    host: field(value.host),
    port: orNull(field(value.port)),
    tls,
    ca: orNull(field(textThen(files.certificates))),
    login: orNull(field(value.text)),
    password: orNull(field(secretOf(files, right))),
    from: z.strictObject({
      name: field(value.text).prefault("Usher"),
      address: field(value.mailAddress),
    }),
    bounces: orNull(field(value.bouncesAddress)),
    deliveryReports: field(value.oneOf("failures", "all")).prefault("failures"),
    dkim: orNull(
      z.strictObject({
        domain: field(value.domain),
        selector: field(value.dkimSelector),
        key: field(secretOf(files, value.privateKey, "pem")),
      }),
    ),
  };
  const defaultPorts = { implicit: 465, starttls: 587, none: 25 } as const;
  return z
    .strictObject(shape)
    .check(requireBoth("login", "password"))
    .transform((server) => ({ ...server, port: server.port ?? defaultPorts[server.tls] }));
}

function exception(files: ConfigFiles) {
  return z
    .strictObject({
      host: field(value.host),
      port: field(value.port),
      cidr: field(value.cidr),
      scheme: field(value.oneOf("https", "http")).prefault("https"),
      address: orNull(field(value.address)),
      ca: orNull(field(textThen(files.certificates))),
    })
    .superRefine((given, context) => {
      for (const key of ["host", "address"] as const) {
        const written = given[key];
        if (written === null || !value.isAddressLiteral(written) || value.isInRange(written, given.cidr))
          continue;
        context.addIssue({
          code: "custom",
          path: [key],
          message: "lies outside of the range that cidr gives.",
          params: { remedy: `Correct one of the two; cidr is ${given.cidr}.` },
        });
      }
    });
}

/** Two keys of which neither makes sense alone; asked even where another key of the mapping is wrong. */
function requireBoth(first: string, second: string) {
  return z.superRefine(
    (given: Readonly<Record<string, unknown>>, context) => {
      const written = [first, second].filter((key) => (given[key] ?? null) !== null);
      if (written.length !== 1) return;
      const lonely = written[0] === first ? second : first;
      context.addIssue({
        code: "custom",
        path: [lonely],
        message: `missing, but ${written[0] ?? ""} is given.`,
        params: { remedy: `Give both ${first} and ${second}, or neither.` },
      });
    },
    { when: () => true },
  );
}

function pathOf(files: ConfigFiles) {
  return (written: unknown): Parsed<string> => {
    const read = value.text(written);
    return read.ok ? right(files.path(read.value)) : read;
  };
}

function textThen(read: (written: string) => Promise<Parsed<string>>) {
  return async (written: unknown): Promise<Parsed<string>> => {
    const given = value.text(written);
    return given.ok ? read(given.value) : given;
  };
}
