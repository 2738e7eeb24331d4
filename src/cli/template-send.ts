import { addressKey } from "../domain/address.ts";
import { limits } from "../domain/limits.ts";
import { createSmtpTransport } from "../mail/smtp-transport.ts";
import { searchOrder } from "../mail/templates/folders.ts";
import { loadOne, only, readOne } from "../mail/templates/load-one.ts";
import { templateName } from "../mail/templates/names.ts";
import { type Cli, CommandError, print } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { openSite } from "./site.ts";
import { exampleFor, writeExample } from "./template-example.ts";

interface SendOptions {
  readonly to: string;
  readonly locale: string;
  readonly json?: true;
}

/** `usher template send`: a test mail through the configured SMTP server. */
export async function send(cli: Cli, typed: string, options: SendOptions): Promise<void> {
  await using site = await openSite(cli);
  const { config } = site;
  if (config.smtp === null)
    throw new CommandError("no SMTP server is configured; add smtp, see config/README.md");
  const to = addressKey(options.to);
  if (to === null) throw new CommandError(`${options.to} is no mail address`, exitCodes.usage);
  const source = await readOne(searchOrder(config.templates), templateName(typed), options.locale);
  const said = exampleFor(source.name, config, to);
  const raw = await writeExample(only(await loadOne(source)), said, {
    smtp: config.smtp,
    locale: source.locale,
  });
  await using transport = createSmtpTransport(() => config.smtp);
  const mail = { from: config.smtp.from.address, to, raw };
  const receipt = await transport.send(mail, AbortSignal.timeout(limits.smtpDataDoneMs));
  print(cli, options.json, { template: source.name, locale: source.locale, to, receipt }, [
    `${receipt.kind}: ${receipt.reply}`,
  ]);
  if (receipt.kind !== "accepted") throw new CommandError(`the mail to ${to} was not accepted`);
}
