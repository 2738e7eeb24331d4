/**
 * Link states as OX names them (reference/ox.md, section 7); every protocol uses this one set.
 *
 * Before a subscription stands: ADDABLE, ADDABLE_WITH_PASSWORD, UNRESOLVABLE, UNSUPPORTED, FORBIDDEN.
 * While it stands: SUBSCRIBED, UNSUBSCRIBED, CREDENTIALS_REFRESH, INACCESSIBLE, REMOVED.
 */
export type LinkState =
  | "ADDABLE"
  | "ADDABLE_WITH_PASSWORD"
  | "SUBSCRIBED"
  | "UNSUBSCRIBED"
  | "CREDENTIALS_REFRESH"
  | "INACCESSIBLE"
  | "REMOVED"
  | "UNRESOLVABLE"
  | "UNSUPPORTED"
  | "FORBIDDEN";

/** States a lasting record can be in. REMOVED and UNSUBSCRIBED are ends. */
export type SubscriptionState = Extract<
  LinkState,
  "SUBSCRIBED" | "UNSUBSCRIBED" | "CREDENTIALS_REFRESH" | "INACCESSIBLE" | "REMOVED"
>;
