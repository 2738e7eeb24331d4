import type { Command } from "commander";
import { fingerprintOf } from "../federation/peers/peer-keys.ts";
import { readPeerHost } from "../protocols/ocm/address.ts";
import { forgetPeerKeys, listPeerKeys, type OcmPeerKeyRow } from "../store/ocm-peer-keys.ts";
import { clearRefusal, outdateDiscovery, type PeerRefusal, peerStanding } from "../store/ocm-refusals.ts";
import type { Db } from "../store/store.ts";
import { type Cli, CommandError, print, table } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { whenText } from "./found.ts";
import { openSite } from "./site.ts";

interface Options {
  readonly forgetKey?: true;
  readonly json?: true;
}

/** `usher doctor peer`: why a server of Open Cloud Mesh does not verify, and the way out. */
export function registerDoctorPeer(doctor: Command, cli: Cli): void {
  doctor
    .command("peer <host>")
    .description("why requests of another server do not verify: what was expected, what came, the way out")
    .option("--forget-key", "trust its keys no longer: the next that it signs with is trusted instead")
    .option("--json", "as JSON")
    .action(async (host: string, _options: Options, command: Command) =>
      peer(cli, host, command.optsWithGlobals<Options>()),
    );
}

async function peer(cli: Cli, typed: string, { forgetKey, json }: Options): Promise<void> {
  const host = readPeerHost(typed);
  if (host === null) {
    throw new CommandError(`${typed} is no host; write it like cloud.example.org`, exitCodes.usage);
  }
  await using site = await openSite(cli);
  const { db } = site.store;
  if (forgetKey === true) {
    const forgotten = await forget(db, host);
    print(cli, json, { host, forgotten }, [
      `No key of ${host} is trusted now. The next that it signs with is, where its own discovery names it.`,
    ]);
    return;
  }
  const found = await lookAt(db, host);
  print(cli, json, found, linesOf(found));
}

async function forget(db: Db, host: string): Promise<number> {
  const forgotten = await forgetPeerKeys(db, host);
  if (forgotten === 0) {
    throw new CommandError(
      `no key of ${host} is trusted; usher doctor peer ${host} shows what is known of it`,
    );
  }
  await clearRefusal(db, host);
  await outdateDiscovery(db, host, Date.now());
  return forgotten;
}

async function lookAt(db: Db, host: string) {
  const keys = (await listPeerKeys(db, host)).map(keyView);
  const standing = await peerStanding(db, host);
  if (standing === undefined && keys.length === 0) {
    throw new CommandError(`nothing is known of ${host}; usher doctor shows the servers that do not verify`);
  }
  const { refusal = null, discoveredAt = null, failedAt = null, failure = null } = standing ?? {};
  const wayOut = refusal === null ? null : wayOutOf(refusal);
  return { host, discoveredAt, failedAt, failure, keys, refusal, wayOut };
}

function keyView(row: OcmPeerKeyRow) {
  const { scheme, conflict_key_id: cameKeyId, conflict_key: cameKey } = row;
  const conflict =
    cameKeyId === null || cameKey === null
      ? null
      : {
          at: row.conflict_at,
          keyId: cameKeyId,
          fingerprint: fingerprintOf({ scheme, key_id: cameKeyId, public_key: cameKey }),
        };
  return {
    scheme,
    keyId: row.key_id,
    fingerprint: fingerprintOf(row),
    firstSeenAt: row.first_seen_at,
    lastUsedAt: row.last_used_at,
    conflict,
  };
}

function linesOf({
  host,
  discoveredAt,
  failedAt,
  failure,
  keys,
  refusal,
  wayOut,
}: Awaited<ReturnType<typeof lookAt>>): string[] {
  const rows = keys.flatMap(({ scheme, keyId, fingerprint, firstSeenAt, lastUsedAt, conflict }) => [
    ["trusted", scheme, keyId, fingerprint ?? "-", whenText(firstSeenAt), whenText(lastUsedAt)],
    ...(conflict === null
      ? []
      : [["refused", scheme, conflict.keyId, conflict.fingerprint ?? "-", whenText(conflict.at), "-"]]),
  ]);
  const failed = failedAt === null ? "" : `; asking it failed ${whenText(failedAt)}: ${failure ?? "-"}`;
  return [
    `${host}: its discovery was read ${whenText(discoveredAt)}${failed}`,
    ...(rows.length === 0
      ? ["No key of it is trusted: it never signed anything that verified."]
      : table(["key", "scheme", "key id", "SHA-256", "first seen", "last used"], rows)),
    ...(refusal === null
      ? ["Nothing of it is refused for its signature."]
      : [
          "",
          `Its requests do not verify since ${whenText(refusal.sinceMs)}, last ${whenText(refusal.lastMs)}: ${refusal.because}`,
          refusal.detail,
          `Way out: ${wayOut ?? ""}`,
        ]),
  ];
}

const changedOnTheWay =
  "Requests must come as they were sent: check that the reverse proxy changes neither path nor body, and that server.publicUrl is the address that other servers use. " +
  "If that is so, the other server signs with a key that it does not publish.";
const clocks = "Compare the clocks of both machines; both should follow a time server.";
const notTaken =
  "The other server signs in a way that is not safe, or not known; its administrator can update it.";

const waysOut: Readonly<Record<string, string>> = {
  "signature-too-old": clocks,
  "signature-from-future": clocks,
  "signature-expired": clocks,
  "signature-wrong": changedOnTheWay,
  "digest-mismatch": changedOnTheWay,
  "length-mismatch": changedOnTheWay,
  "signed-by-other-host":
    "The other server names itself differently in its shares and in its key; its administrator can set one public address.",
  "key-not-fetched":
    "Its discovery must be reachable from here over https, and its key set on the same host; usher logs say what failed.",
  "key-not-published":
    "The other server must publish the key that it signs with; look at /.well-known/ocm, /ocm-provider/ and jwksUri there.",
  "signature-replayed":
    "None is needed where it happens once. Where it happens often, something between the servers sends requests twice.",
};

function wayOutOf({ because, host }: PeerRefusal): string {
  if (because === "key-changed" || because === "key-of-other-id") {
    return `Ask its administrator whether the key was changed, and compare SHA-256. If so: usher doctor peer ${host} --forget-key`;
  }
  return waysOut[because] ?? notTaken;
}
