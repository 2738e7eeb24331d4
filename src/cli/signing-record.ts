import type { Config, DkimKey } from "../config/config.ts";
import { limits } from "../domain/limits.ts";
import { type KeyRecord, keyRecordOf } from "../mail/dkim-signer.ts";
import { createResolveTxt, type ResolveTxt } from "../mail/key-records.ts";
import { printable } from "./io.ts";

/** The TXT record that has to stand in the DNS for the key that mail is signed with; null where the mail server signs. */
export function signingRecord({ smtp }: Pick<Config, "smtp">): KeyRecord | null {
  const dkim = smtp?.dkim ?? null;
  return dkim === null ? null : keyRecordOf(dkim);
}

/** What a look into the DNS gave. */
interface RecordCheck {
  /** Name of the record. */
  readonly address: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** Whether receivers find that key. */
export async function checkSigningRecord(
  dkim: DkimKey,
  resolve: ResolveTxt = createResolveTxt(),
): Promise<RecordCheck> {
  const { name, value } = keyRecordOf(dkim);
  const place = { address: name };
  try {
    const texts = await resolve(name, AbortSignal.timeout(limits.dkimLookupMs));
    const [published, ...others] = texts.map((pieces) => pieces.join(""));
    if (published === undefined || others.length > 0) {
      return {
        ...place,
        ok: false,
        detail: `has ${texts.length} TXT records; publish the one that usher check prints, alone`,
      };
    }
    const isRight = keyIn(published) === keyIn(value);
    return isRight
      ? { ...place, ok: true, detail: "is published" }
      : {
          ...place,
          ok: false,
          detail: "is published with another key; publish the one that usher check prints",
        };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "no answer in time";
    return {
      ...place,
      ok: false,
      detail: `was not found (${printable(code)}); publish the one that usher check prints`,
    };
  }
}

/** RFC 6376 section 3.6.1: white space in `p=` means nothing, and the other tags may differ. */
function keyIn(record: string): string | undefined {
  return /(?:^|;)\s*p\s*=([^;]*)/.exec(record)?.[1]?.replaceAll(/\s+/g, "");
}
