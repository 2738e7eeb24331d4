import { type Chromium, startChromium } from "../../world/chromium.ts";
import type { Usher } from "../usher.ts";

/** A browser on the pages of a site. */
export interface PageBrowser extends AsyncDisposable {
  readonly chromium: Chromium;
  /** Opens a page of the site; gives what it says. */
  open(link: string): Promise<string>;
  fill(name: string, value: string): Promise<void>;
  /** Presses the main button; gives what the page says then. */
  send(): Promise<string>;
}

export async function openPageBrowser(usher: Usher): Promise<PageBrowser> {
  const chromium = await startChromium({ host: usher.host, port: usher.httpPort });
  const said = async () => String(await chromium.evaluate("document.body.innerText"));
  return {
    chromium,
    open: async (link) => {
      const { pathname, search } = new URL(link, usher.origin);
      await chromium.open(`http://${usher.host}${pathname}${search}`);
      return said();
    },
    fill: async (name, value) => {
      await chromium.evaluate(`document.querySelector('[name=${name}]').value = ${JSON.stringify(value)}`);
    },
    send: async () => {
      await chromium.click("button.main");
      return said();
    },
    [Symbol.asyncDispose]: async () => chromium[Symbol.asyncDispose](),
  };
}
