import { z } from "zod";
import { keepState } from "./authorize.ts";
import type { Answered, Call } from "./caller.ts";
import { type Instance, sharingOf } from "./instance.ts";
import { readJson, Refusal } from "./wire.ts";

const permission = z.object({
  data: z.object({ attributes: z.object({ source_id: z.string().default("") }) }),
});
const discovered = z.object({ redirect: z.string() });
const claims = z.object({ iss: z.string() });

/** Opens the link of an invitation as its person does, in a browser, and names the own Cozy where it is asked for. */
export async function openLink(instance: Instance, link: string): Promise<string> {
  const { pathname, searchParams } = new URL(link);
  if (pathname === "/auth/authorize/sharing") return arrive(instance, link);
  const sharecode = searchParams.get("sharecode");
  const isDiscovery = /^\/sharings\/[0-9a-f]{32}\/discovery$/.test(pathname);
  if (!isDiscovery && sharecode !== null) return openPreview(instance, new URL(link), sharecode);
  const seen = await ask(instance, { method: "GET", url: link, accept: "text/html" });
  if (seen.status === 302) return arrive(instance, seen.location);
  if (seen.status !== 200) throw new Refusal(seen.status, "The invitation is not shown");
  const { location } = await post(instance, new URL(link), searchParams, "text/html");
  return arrive(instance, location);
}

/** The page of an app speaks JSON with its Cozy (reference/cozy.md 3.4). */
async function openPreview(instance: Instance, link: URL, sharecode: string): Promise<string> {
  const origin = sharerOf(link, sharecode);
  const self = await ask(instance, { method: "GET", url: `${origin}/permissions/self`, bearer: sharecode });
  if (self.status !== 200) throw new Refusal(self.status, "The sharecode is not valid");
  const source = readJson(self.text, permission).data.attributes.source_id;
  const [doctype, id = ""] = source.split("/");
  if (doctype !== "io.cozy.sharings") throw new Refusal(404, "This is no sharing between Cozys");
  const at = new URL(`${origin}/sharings/${id}/discovery`);
  const { text } = await post(instance, at, new URLSearchParams({ sharecode }), "application/json");
  return arrive(instance, readJson(text, discovered).redirect);
}

/** The issuer of a JWT; else the host without the app: its first label, or what stands there after a hyphen. */
function sharerOf(link: URL, sharecode: string): string {
  const [, payload] = sharecode.split(".");
  if (payload !== undefined && payload !== "") {
    return `https://${readJson(Buffer.from(payload, "base64url"), claims).iss}`;
  }
  const [first = "", ...rest] = link.host.split(".");
  const hyphen = first.lastIndexOf("-");
  return `https://${hyphen < 0 ? rest.join(".") : [first.slice(0, hyphen), ...rest].join(".")}`;
}

async function post(instance: Instance, url: URL, secret: URLSearchParams, accept: string) {
  const fields = new URLSearchParams({ ...Object.fromEntries(secret), url: instance.origin });
  const answer = await ask(instance, {
    method: "POST",
    url: `${url.origin}${url.pathname}`,
    accept,
    type: "application/x-www-form-urlencoded",
    body: String(fields),
  });
  if (answer.status >= 400) throw new Refusal(answer.status, "The discovery was refused");
  return answer;
}

/** On the own Cozy, which the request reached before. */
function arrive(instance: Instance, location: string): string {
  if (!URL.canParse(location) || new URL(location).origin !== instance.origin) {
    throw new Refusal(400, "The link leads to another Cozy");
  }
  const { searchParams } = new URL(location);
  const id = searchParams.get("sharing_id") ?? "";
  keepState(sharingOf(instance, id), searchParams.get("state") ?? "");
  return id;
}

async function ask(instance: Instance, what: Call): Promise<Extract<Answered, { kind: "answered" }>> {
  const answer = await instance.call(what);
  if (answer.kind === "unreachable") throw new Refusal(502, "The other Cozy did not answer");
  return answer;
}
