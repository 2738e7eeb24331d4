import { z } from "zod";
import { type Answer, idText } from "./answers.ts";
import { type Trouble, trouble } from "./troubles.ts";

const states = [
  "ADDABLE",
  "ADDABLE_WITH_PASSWORD",
  "SUBSCRIBED",
  "UNSUBSCRIBED",
  "CREDENTIALS_REFRESH",
  "REMOVED",
  "INACCESSIBLE",
  "UNRESOLVABLE",
  "UNSUPPORTED",
  "FORBIDDEN",
] as const;

/** The home server's own names of a subscription. */
export interface HomeNames {
  readonly account: string | null;
  readonly folder: string | null;
}

/** What the home server says about a link (reference/ox.md 7). */
export interface Analysis extends HomeNames {
  readonly kind: "analysis";
  readonly state: (typeof states)[number];
  /** Code of the reason, for example `SHR-0027`. */
  readonly code: string | null;
}

const names = { account: idText.nullish(), folder: idText.nullish() };
const analysis = z.object({
  data: z.object({
    // State names are compared in any case, as the OX web client does (reference/ox.md 2.6).
    state: z.string().toUpperCase().pipe(z.enum(states)),
    error: z
      .object({ code: z.string().regex(/^[A-Z_]{2,16}-\d{4}$/) })
      .nullish()
      .catch(null),
    ...names,
  }),
});
const subscribed = z.object({ data: z.object(names) });

/** Reads the answer of `analyze` (reference/ox.md 5). */
export function readAnalysis(answer: Answer): Analysis | Trouble {
  const parsed = analysis.safeParse(answer.fields);
  if (!parsed.success) return trouble("answer-not-understood");
  const { state, error, account, folder } = parsed.data.data;
  return {
    kind: "analysis",
    state,
    code: error?.code ?? null,
    account: account ?? null,
    folder: folder ?? null,
  };
}

/** Reads the answer of `subscribe` and `resubscribe` (reference/ox.md 5); its names may be missing, its object not. */
export function readSubscribed(answer: Answer): (HomeNames & { readonly kind: "names" }) | Trouble {
  const parsed = subscribed.safeParse(answer.fields);
  if (!parsed.success) return trouble("answer-not-understood");
  return {
    kind: "names",
    account: parsed.data.data.account ?? null,
    folder: parsed.data.data.folder ?? null,
  };
}
