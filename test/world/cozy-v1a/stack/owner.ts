import type { Visit } from "./browser.ts";
import { newId } from "./documents.ts";
import { type Answer, call } from "./outgoing.ts";
import type { Change, Receiver } from "./transport.ts";
import type { JsonObject } from "./wire.ts";

export interface ContactSpec {
  readonly name?: string;
  readonly mail?: string;
  /** Address of the contact's Cozy, as somebody would type it. */
  readonly cozy?: string;
}

interface Asked {
  /** Scope of the web app that asks; without one nobody says who he is. */
  readonly scope?: string;
  readonly slug?: string;
  /** A token that somebody else holds. */
  readonly bearer?: string;
  readonly body?: JsonObject;
  readonly form?: Readonly<Record<string, string>>;
  readonly accept?: string;
}

/** What the owner of a Cozy does in whichever generation; all of it but the contacts passes the server's own routes. */
export interface CommonOwner {
  addContact(spec: ContactSpec): string;
  /** A request to this Cozy; redirects are not followed. */
  ask(method: string, path: string, asked?: Asked): Promise<Answer>;
  /** Opens any link; redirects are followed. */
  open(url: string): Promise<Visit>;
  /** Opens a link, does what the pages ask, and consents. Rejects where no page asks for consent. */
  accept(link: string): Promise<Visit>;
  /** Writes a document of this Cozy, and waits until what follows from it is done. */
  write(doctype: string, id: string, value: JsonObject): Promise<void>;
  remove(doctype: string, id: string): Promise<void>;
}

export function commonOwner(cozy: Receiver): CommonOwner {
  const { documents, browser, background } = cozy;
  async function change(made: Change): Promise<void> {
    cozy.changed(made);
    await background.settled();
  }
  return {
    addContact: ({ name, mail, cozy: url }) => {
      const id = newId();
      documents.put("io.cozy.contacts", id, {
        ...(name === undefined ? {} : { fullname: name }),
        email: mail === undefined ? [] : [{ address: mail }],
        cozy: url === undefined ? [] : [{ url }],
      });
      return id;
    },
    ask: async (method, path, asked = {}) => {
      const { body, form } = asked;
      const sent = body === undefined ? form && String(new URLSearchParams(form)) : JSON.stringify(body);
      return call(cozy.resolve, method, `${cozy.origin}${path}`, {
        headers: headersOf(cozy, asked),
        ...(sent === undefined ? {} : { body: sent }),
      });
    },
    open: async (url) => browser.open(url),
    accept: async (link) => {
      const asked = await browser.openToConsent(link);
      const form = browser.consentOn(asked);
      if (form === null) throw new Error(`No page asks for consent: ${asked.status} at the end.`);
      return browser.submit(asked, form);
    },
    write: async (doctype, id, value) => {
      const kind = documents.get(doctype, id) === null ? "CREATED" : "UPDATED";
      await change({ kind, doctype, id, value: documents.put(doctype, id, value).value, from: null });
    },
    remove: async (doctype, id) => {
      const known = documents.get(doctype, id);
      documents.remove(doctype, id);
      if (known !== null) await change({ kind: "DELETED", doctype, id, value: known.value, from: null });
    },
  };
}

function headersOf(
  { credentials }: Receiver,
  { scope, slug = "drive", bearer, body, form, accept }: Asked,
): Record<string, string> {
  const token = scope === undefined ? bearer : credentials.issue("app", slug, scope);
  return {
    ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
    ...(accept === undefined ? {} : { Accept: accept }),
    ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    ...(form === undefined ? {} : { "Content-Type": "application/x-www-form-urlencoded" }),
  };
}
