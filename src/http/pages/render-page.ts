export type PageName = "answer" | "answered" | "no-longer-valid";

/** A whole HTML document in the language of the account; `locale` is a BCP 47 tag. */
export function renderPage(name: PageName, locale: string, data: object): string {
  return `<!doctype html><html lang="${locale.slice(0, 2)}"><title>${name}</title><p>${Object.keys(data).length}</p></html>`;
}
