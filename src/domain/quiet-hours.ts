/** A part of each day in which nothing is sent; it may begin before midnight and end after it. */
export interface QuietHours {
  /** Minutes since midnight. */
  readonly from: number;
  readonly to: number;
  readonly timeZone: string;
}
