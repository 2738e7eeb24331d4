/**
 * Whether a form was sent by a page of another site. Browsers say where a form comes from in Sec-Fetch-Site; `Origin: null` says
 * nothing, because they send it for forms of pages with Referrer-Policy no-referrer, such as ours. `publicUrl`: of this site.
 */
export function isForeignForm(
  {
    site,
    origin,
  }: { readonly site: string | readonly string[] | undefined; readonly origin: string | undefined },
  publicUrl: string,
): boolean {
  if (site !== undefined && site !== "same-origin") return true;
  return origin !== undefined && origin !== "null" && origin !== new URL(publicUrl).origin;
}
