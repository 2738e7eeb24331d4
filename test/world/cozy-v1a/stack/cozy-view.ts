import type { EmulatedServer } from "../../emulated-server.ts";
import type { Issued } from "./credentials.ts";
import type { StoredDocument } from "./documents.ts";
import type { Letter } from "./letters.ts";
import type { CozyPlace } from "./stack.ts";
import type { RecipientStatus, Sharing, SharingCozy } from "./sharing.ts";
import type { JsonObject } from "./wire.ts";

/** A recipient as the sharer keeps him. */
interface RecipientView {
  readonly contactId: string;
  readonly status: RecipientStatus;
  /** The sharer's client at the recipient. */
  readonly clientId: string | null;
  /** The recipient's client at the sharer, master-master. */
  readonly hostClientId: string | null;
  readonly hasToken: boolean;
}

export interface SharingView extends Omit<Sharing, "recipients" | "sharer"> {
  readonly recipients: readonly RecipientView[];
  /** On a recipient. */
  readonly sharer: {
    readonly url: string;
    /** The sharer's client here. */
    readonly hostClientId: string;
    readonly hasToken: boolean;
  } | null;
}

/** What a test sees of a Cozy of either generation, and the few things that it turns. */
export interface CozyView {
  /** `https://host`, with the port unless that is 443. */
  readonly origin: string;
  readonly hostname: string;
  sharings(): readonly SharingView[];
  /** Mails that went out, oldest first. */
  mails(): readonly Letter[];
  /** What a document holds, without `_id` and `_rev`; null where there is none. */
  document(doctype: string, id: string): JsonObject | null;
  documents(doctype: string): readonly StoredDocument[];
  /** OAuth clients that still exist. */
  clients(): readonly { readonly id: string; readonly name: string; readonly uri: string }[];
  tokens(): readonly Issued[];
  /** All that was handed out and nobody else may see, for a look through logs. */
  secrets(): readonly string[];
  /** When nothing is left to send. */
  settled(): Promise<void>;
  /** What failed after an answer was sent. */
  failures(): readonly string[];
  expireAccessTokens(): void;
  logOut(): void;
}

export function viewOf(cozy: SharingCozy, server: EmulatedServer<CozyPlace>): CozyView & AsyncDisposable {
  const { credentials, documents, background, logins } = cozy;
  return {
    origin: cozy.origin,
    hostname: cozy.hostname,
    sharings: () => cozy.sharings.map(viewSharing),
    mails: () => [...cozy.mails],
    document: (doctype, id) => documents.get(doctype, id)?.value ?? null,
    documents: (doctype) => documents.all(doctype),
    clients: () =>
      credentials
        .clients()
        .map(({ client_id: id, client_name: name, client_uri: uri }) => ({ id, name, uri })),
    tokens: () => credentials.issued(),
    secrets: () => credentials.secrets(),
    settled: async () => background.settled(),
    failures: () => background.failures(),
    expireAccessTokens: () => credentials.expire(["access"]),
    logOut: () => logins.logOutEverywhere(),
    [Symbol.asyncDispose]: async () => {
      await background.stop();
      await server[Symbol.asyncDispose]();
    },
  };
}

function viewSharing(sharing: Sharing): SharingView {
  const { recipients, sharer, ...plain } = sharing;
  return {
    ...plain,
    recipients: recipients.map(({ contactId, status, client, hostClientId, pair }) => ({
      contactId,
      status,
      clientId: client?.client_id ?? null,
      hostClientId: hostClientId === "" ? null : hostClientId,
      hasToken: pair !== null,
    })),
    sharer:
      sharer === null
        ? null
        : { url: sharer.url, hostClientId: sharer.party.hostClientId, hasToken: sharer.party.pair !== null },
  };
}
