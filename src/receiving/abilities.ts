import type { Decision } from "../domain/policy.ts";
import type { ProtocolName } from "../domain/share.ts";
import type { Capabilities, Protocol } from "../protocols/protocol.ts";

/** What can be done about shares of a protocol whose mails are read, and whose origins nobody here can speak with yet. */
const none: Capabilities = { canRefuse: false, canFollow: false, canFollowAtHome: false, canBrowse: false };

/** What can be done about shares of this protocol here; nothing where nobody speaks with its origins. */
function capabilitiesOf(protocols: readonly Protocol[], name: string): Capabilities {
  return protocols.find((protocol) => protocol.name === name)?.capabilities ?? none;
}

/** Whether the origin of such a share can be told that the account does not want it. */
export function canRefuse(protocols: readonly Protocol[], { protocol, variant }: Refusable): boolean {
  const found = protocols.find(({ name }) => name === protocol);
  return found?.capabilities.canRefuse === true && !(found.unrefusableVariants ?? []).includes(variant);
}

interface Refusable {
  readonly protocol: string;
  readonly variant: string;
}

/** Why a share of this protocol cannot be followed by anybody here, for a person; null where it can. */
export function unfollowable(
  protocols: readonly Protocol[],
  name: string,
): { readonly because: "protocol-cannot-be-followed"; readonly detail: string } | null {
  const { canFollow, canFollowAtHome } = capabilitiesOf(protocols, name);
  if (canFollow || canFollowAtHome) return null;
  const detail = `${protocolTitle(name)} cannot be followed by Usher yet; open the link in the mail instead.`;
  return { because: "protocol-cannot-be-followed", detail };
}

const titles: Readonly<Record<ProtocolName, string>> = {
  ox: "Shares of OX App Suite",
  "cozy-v2": "Shares of Cozy (before cozy-stack)",
  "cozy-v1": "Shares of Cozy (first version)",
  cozy: "Shares of Cozy",
  "ocm-invite": "Invitations of Open Cloud Mesh",
  "public-link": "Public links",
  "federated-share": "Federated shares of Nextcloud",
};

/** Shares of a protocol, as people call them. */
function protocolTitle(name: string): string {
  return Object.entries(titles).find(([known]) => known === name)?.[1] ?? `Shares of ${name}`;
}

/** Said wherever a refusal becomes a local ignore. */
export function cannotRefuse(protocol: string): string {
  return `${protocolTitle(protocol)} cannot be refused at their origin: it is ignored here, and its origin hears nothing.`;
}

/** What a protocol cannot do becomes what can be done here, and is said. */
export function withinAbilities(
  decision: Decision,
  share: Refusable,
  protocols: readonly Protocol[],
): Decision {
  const lack = unfollowable(protocols, share.protocol);
  if (decision.action === "accept" && lack !== null) {
    return { ...decision, action: "hold", restrained: lack };
  }
  if (decision.action === "refuse" && !canRefuse(protocols, share)) {
    const restrained = { because: "protocol-cannot-refuse", detail: cannotRefuse(share.protocol) } as const;
    return { ...decision, action: "ignore", restrained };
  }
  return decision;
}
