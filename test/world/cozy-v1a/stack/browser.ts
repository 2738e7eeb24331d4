import { type Form, readForms } from "./html.ts";
import { call, type Resolve } from "./outgoing.ts";

/** Where the browser ended after all redirects. */
export interface Visit {
  readonly url: string;
  readonly status: number;
  readonly text: string;
  /** Every answer on the way, the last one included. */
  readonly trail: readonly { readonly url: string; readonly status: number }[];
}

/** More than any step of the protocol needs. */
const mostRedirects = 12;
const mostSteps = 6;

/** The browser of a Cozy's owner: keeps cookies by host, follows redirects, fills in forms. */
export class OwnerBrowser {
  readonly #resolve: Resolve;
  readonly #origin: string;
  readonly #passphrase: string;
  readonly #cookies = new Map<string, Map<string, string>>();

  constructor(resolve: Resolve, origin: string, passphrase: string) {
    this.#resolve = resolve;
    this.#origin = origin;
    this.#passphrase = passphrase;
  }

  async open(url: string): Promise<Visit> {
    return this.#browse("GET", url);
  }

  /** Posts a form of the page that a visit ended on. */
  async submit(visit: Visit, form: Form, typed: Readonly<Record<string, string>> = {}): Promise<Visit> {
    const fields = new URLSearchParams({ ...Object.fromEntries(form.fields), ...typed });
    const target = new URL(form.action === "" ? visit.url : form.action, visit.url).href;
    return this.#browse(form.method, target, String(fields));
  }

  /**
   * Opens a link and does what the pages ask: logs in at the own Cozy, tells the own address to a discovery form.
   * Ends at the page that asks for consent, or where none of these is left.
   */
  async openToConsent(link: string): Promise<Visit> {
    let visit = await this.open(link);
    for (let step = 0; step < mostSteps; step += 1) {
      const forms = readForms(visit.text);
      const login = forms.find(({ fields }) => fields.has("passphrase"));
      const discovery = forms.find(({ fields }) => fields.has("url"));
      if (login !== undefined && visit.url.startsWith(`${this.#origin}/`)) {
        visit = await this.submit(visit, login, { passphrase: this.#passphrase });
      } else if (discovery !== undefined && visit.status === 200) {
        visit = await this.submit(visit, discovery, { url: this.#origin });
      } else return visit;
    }
    return visit;
  }

  /** The form for consent on a page of the own Cozy, or null. */
  consentOn(visit: Visit): Form | null {
    if (!visit.url.startsWith(`${this.#origin}/`)) return null;
    return (
      readForms(visit.text).find(({ fields }) => fields.has("csrf_token") && fields.has("scope")) ?? null
    );
  }

  async #browse(method: string, start: string, body?: string): Promise<Visit> {
    const trail: { readonly url: string; readonly status: number }[] = [];
    let [url, verb, sent] = [start, method, body];
    for (;;) {
      const answer = await call(this.#resolve, verb, url, {
        headers: this.#fields(url, sent !== undefined),
        ...(sent === undefined ? {} : { body: sent }),
      });
      this.#keep(url, answer.headers["set-cookie"] ?? []);
      trail.push({ url, status: answer.status });
      const { location } = answer.headers;
      if (answer.status < 300 || answer.status > 399 || location === undefined) {
        return { url, status: answer.status, text: answer.text, trail };
      }
      if (trail.length > mostRedirects) throw new Error("The browser was redirected too often.");
      [url, verb, sent] = [new URL(location, url).href, "GET", undefined];
    }
  }

  #fields(url: string, isForm: boolean): Record<string, string> {
    const cookies = this.#cookies.get(new URL(url).host) ?? new Map<string, string>();
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    return {
      Accept: "text/html",
      ...(cookie === "" ? {} : { Cookie: cookie }),
      ...(isForm ? { "Content-Type": "application/x-www-form-urlencoded" } : {}),
    };
  }

  #keep(url: string, fields: readonly string[]): void {
    const { host } = new URL(url);
    const cookies = this.#cookies.get(host) ?? new Map<string, string>();
    for (const field of fields) {
      const [name = "", ...value] = (field.split(";")[0] ?? "").split("=");
      cookies.set(name, value.join("="));
    }
    this.#cookies.set(host, cookies);
  }
}
