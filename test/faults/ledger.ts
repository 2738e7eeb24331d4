import type { Shared } from "../world/world.ts";

/** What the suite did, and so what must come of it. */
export class Ledger {
  /** Delivered share mails by the token of their guest. */
  readonly shares = new Map<string, { readonly shared: Shared; isAccepted: boolean }>();
  /** Addresses of invited people; each is invited once. */
  readonly invited: string[] = [];
  /** Visits at the origin that a kill cut short. */
  visitsCutShort = 0;
  kills = 0;
  mails = 0;
  slowestStartMs = 0;

  /** The share whose notification shows this hint; tokens differ in their first digits. */
  accept(hint: string): void {
    const token = [...this.shares.keys()].find((each) => each.startsWith(hint.slice(0, 8)));
    const share = token === undefined ? undefined : this.shares.get(token);
    if (share === undefined) throw new Error("A notification is of no share that was mailed.");
    share.isAccepted = true;
  }
}
