import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MailServer, MasterUser, TlsMode } from "../../src/config/config.ts";
import { Secret } from "../../src/config/secret.ts";
import type { ImapTarget } from "../../src/mailbox/imap-target.ts";
import { type Dovecot, type DovecotOptions, dovecotPassword, startDovecot } from "../world/dovecot.ts";
import { makeCertificates } from "../world/tls.ts";

export const master = { login: "usher", password: "master-secret" };

export interface MailWorld extends AsyncDisposable {
  readonly dovecot: Dovecot;
  /** PEM of the authority that signed the server's certificate. */
  readonly ca: string;
  /** For stores and configuration files of one test. */
  readonly directory: string;
}

/** A Dovecot with TLS and a master user. */
export async function startMailWorld(
  options: Pick<DovecotOptions, "separator" | "acl"> = {},
): Promise<MailWorld> {
  const directory = await mkdtemp(join(tmpdir(), "usher-mailbox-"));
  const certificates = await makeCertificates(join(directory, "tls"));
  const tls = await certificates.certificate(["localhost", "127.0.0.1"]);
  const dovecot = await startDovecot({ ...options, tls, masterUser: master });
  return {
    dovecot,
    ca: certificates.ca,
    directory,
    [Symbol.asyncDispose]: async () => {
      await dovecot[Symbol.asyncDispose]();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export function mailServer(
  world: MailWorld,
  options: { readonly tls?: TlsMode; readonly master?: MasterUser["method"]; readonly port?: number } = {},
): MailServer {
  const tls = options.tls ?? "starttls";
  const { imap, imaps } = world.dovecot.ports;
  return {
    host: "127.0.0.1",
    port: options.port ?? (tls === "implicit" ? imaps : imap),
    tls,
    ca: tls === "none" ? null : world.ca,
    masterUser:
      options.master === undefined
        ? null
        : {
            login: master.login,
            password: new Secret(master.password),
            method: options.master,
            separator: "*",
          },
  };
}

export function passwordTarget(server: MailServer, login: string, password = dovecotPassword): ImapTarget {
  return { server, login, password: new Secret(password) };
}

export function mail(subject: string, fields: Readonly<Record<string, string>> = {}, body = "hello"): string {
  const head = { From: "Carla <carla@example.net>", To: "alice@example.org", Subject: subject, ...fields };
  const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}`);
  return [...lines, "", body, ""].join("\r\n");
}
