import { addressKey } from "../domain/address.ts";
import { type Inspection, type ShareNotification, shortened } from "../domain/share.ts";
import { mailReaders } from "../protocols/mail-readers.ts";
import { inspectMail } from "../receiving/inspect.ts";
import { type Cli, CommandError, print, type Register } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { printable } from "./io.ts";
import { readMailFile } from "./mail-file.ts";

interface InspectOptions {
  readonly json?: true;
  readonly secrets?: true;
  readonly for: readonly string[];
  readonly trustAuthservId: readonly string[];
}

/** `usher inspect`: needs no configuration and no network, and changes nothing. */
export const registerInspect: Register = (program, cli) => {
  program
    .command("inspect")
    .description("show what Usher sees in one mail (RFC 5322), without configuration and network")
    .argument("<file>", "the mail; - reads standard input")
    .option("--json", "as JSON")
    .option("--secrets", "print share links and share ids whole")
    .option("--for <address>", "an address of the reader (repeatable)", collected, [])
    .option(
      "--trust-authserv-id <id>",
      "believe Authentication-Results of this id (repeatable)",
      collected,
      [],
    )
    .action(async (file: string, options: InspectOptions) => inspect(cli, file, options));
};

function collected(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

async function inspect(cli: Cli, file: string, options: InspectOptions): Promise<void> {
  const wrong = options.for.find((address) => addressKey(address) === null);
  if (wrong !== undefined) {
    throw new CommandError(
      `--for ${printable(wrong)} is not a mail address; give one like bob@example.org.`,
      exitCodes.usage,
    );
  }
  const { view: mail } = await readMailFile(cli, file);
  const inspection = inspectMail(mail, mailReaders, {
    trustedAuthservIds: options.trustAuthservId,
    forAddresses: options.for,
  });
  const shown = options.secrets === true ? inspection : withoutSecrets(inspection);
  print(cli, options.json, shown, lines(shown));
}

function withoutSecrets(inspection: Inspection): Inspection {
  const { notification, revoked } = inspection;
  return {
    ...inspection,
    notification: notification === null ? null : withoutLink(notification),
    ...(revoked === undefined ? {} : { revoked: withoutLink(revoked) }),
  };
}

function withoutLink(share: ShareNotification): ShareNotification {
  const { link, shareId } = share;
  return {
    ...share,
    link: link === null ? null : `${new URL(link).origin}/…`,
    shareId: shareId === null ? null : shortened(shareId),
  };
}

function lines(inspection: Inspection): string[] {
  const rows = [
    ["verdict", inspection.verdict],
    ["because", inspection.because],
    ...shareRows(inspection),
    ...authenticationRows(inspection),
    ...bounceRows(inspection),
  ];
  return rows.flatMap(([label, value]) =>
    typeof label === "string" && typeof value === "string" ? [`${label.padEnd(16)}${printable(value)}`] : [],
  );
}

type Rows = readonly (readonly [string, string | null])[];

/** Of the share that is announced, or called off. */
function shareRows({ notification, revoked }: Inspection): Rows {
  const share = notification ?? revoked;
  if (share === undefined) return [];
  const { sharer } = share;
  return [
    ["protocol", `${share.protocol}, ${share.variant}`],
    ["sharer", sharer.name === "" ? sharer.address : `${sharer.name} <${sharer.address}>`],
    ["title", share.title],
    ["origin", share.origin],
    ["recipient", share.recipientKind],
    ["module", share.module],
    ["folder", share.folder],
    ["item", share.item],
    ["share id", share.shareId],
    ["link", share.link],
  ];
}

function authenticationRows({ authentication, notification, revoked }: Inspection): Rows {
  const { from, dkim, spf, dmarc, authservId, trusted, linkAligned } = authentication;
  const said =
    authservId === null
      ? null
      : `dkim=${dkim ?? "-"} spf=${spf ?? "-"} dmarc=${dmarc ?? "-"} says ${authservId}`;
  return [
    ["from", from ?? "not exactly one address"],
    ["sender", trusted ? "authenticated" : "not authenticated by a trusted server"],
    ["results", said],
    [
      "link's domain",
      (notification ?? revoked) === undefined ? null : linkAligned ? "the sender's own" : "not the sender's",
    ],
  ];
}

function bounceRows({ bounce }: Inspection): Rows {
  if (bounce === null) return [];
  return [
    ["recipient", bounce.recipient],
    ["action", bounce.action],
    ["status", bounce.status],
    ["message", bounce.originalMessageId],
  ];
}
