import type { OcmConfig } from "../../config/config.ts";
import { readPeerHost } from "../../protocols/ocm/address.ts";

/** Whether the configuration lets a server (`host[:port]`) ask and be asked. */
export function isAdmitted(host: string, { allow, deny }: Pick<OcmConfig, "allow" | "deny">): boolean {
  return !names(deny, host) && (allow === null || names(allow, host));
}

function names(list: readonly string[], host: string): boolean {
  return list.some((each) => readPeerHost(each) === host);
}
