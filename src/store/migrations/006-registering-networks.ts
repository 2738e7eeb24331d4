/** Where OAuth clients registered from that no sharing uses yet; store/instance-tables.ts says more. */
export const registeringNetworks: readonly string[] = ["alter table cozy_client add column network text"];
