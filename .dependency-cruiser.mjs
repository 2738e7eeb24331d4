/** The rules between rooms (src/README.md). Each has a planted breach in test/check/breaches/ that must be reported. */
const flows = "^src/(receiving|sharing|instances|federation)/";
const adapters = "^src/(mailbox|mail|http|jobs|observe)/";
const ports =
  "^src/(mailbox/session|mail/transport|http/outbound|http/peer-route|http/peer-pages|http/retry-after|jobs/queue)\\.ts$";
const pure = "^src/(domain/|protocols/[^/]+/(detect|link)\\.ts$)";

/** @type {import("dependency-cruiser").IConfiguration["forbidden"]} */
export const forbidden = [
  { name: "no-circular", severity: "error", from: {}, to: { circular: true } },
  {
    name: "no-orphans",
    severity: "error",
    from: { orphan: true, path: "^src/", pathNot: "^src/usher\\.mjs$" },
    to: {},
  },
  {
    name: "pure-needs-no-packages",
    severity: "error",
    from: { path: pure },
    to: { path: "(^|/)node_modules/" },
  },
  {
    name: "pure-does-no-io",
    severity: "error",
    from: { path: pure },
    to: { dependencyTypes: ["core"] },
  },
  {
    name: "domain-knows-only-domain",
    severity: "error",
    from: { path: "^src/domain/" },
    to: { path: "^src/", pathNot: "^src/domain/" },
  },
  {
    name: "protocols-are-strangers",
    severity: "error",
    from: { path: "^src/protocols/([^/]+)/" },
    to: { path: "^src/protocols/[^/]+/", pathNot: "^src/protocols/$1/" },
  },
  {
    name: "protocols-know-ports-only",
    severity: "error",
    from: { path: "^src/protocols/" },
    to: { path: "^src/", pathNot: ["^src/(protocols|domain)/", ports] },
  },
  {
    name: "flows-see-ports-only",
    severity: "error",
    from: { path: "^src/(receiving|sharing|instances|federation|delivery)/" },
    to: { path: adapters, pathNot: ports },
  },
  {
    name: "flows-are-strangers",
    severity: "error",
    from: { path: "^src/(receiving|sharing|instances|federation)/" },
    to: { path: flows, pathNot: "^src/$1/" },
  },
  {
    name: "adapters-do-not-know-flows",
    severity: "error",
    from: { path: "^src/(mailbox|mail|http|jobs|observe|store|config)/" },
    to: { path: "^src/(receiving|sharing|instances|federation|delivery|cli)/" },
  },
  {
    name: "only-the-roots-wire",
    severity: "error",
    from: { path: "^src/[^/]+/", pathNot: "^src/cli/" },
    to: { path: "^src/[^/]+\\.ts$|^src/cli/" },
  },
  {
    name: "only-the-guard-reaches-the-network",
    severity: "error",
    from: { path: "^src/", pathNot: "^src/http/" },
    to: { path: "(^|/)node_modules/undici/|^(node:)?https?$|^(node:)?http2$" },
  },
  {
    // HTTP behind the guard, IMAP and SMTP to the servers of the configuration, and nothing else.
    name: "only-adapters-open-connections",
    severity: "error",
    from: { path: "^src/", pathNot: ["^src/(http|mail|mailbox)/", "^src/cli/connections\\.ts$"] },
    to: {
      path: "^(node:)?(net|tls|dgram|dns|dns/promises|inspector)$|(^|/)node_modules/(imapflow|nodemailer)/",
    },
  },
  {
    name: "src-never-imports-test",
    severity: "error",
    from: { path: "^src/" },
    to: { path: "^test/" },
  },
];

export const options = {
  parser: "swc",
  tsPreCompilationDeps: true,
  doNotFollow: { path: "node_modules" },
  exclude: { path: "^node_modules/.*/node_modules" },
};
