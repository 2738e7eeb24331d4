/** Kinds of servers that accounts are at home at. */
export const homeKinds = ["ox", "nextcloud", "owncloud", "opencloud"] as const;
export type HomeKind = (typeof homeKinds)[number];
