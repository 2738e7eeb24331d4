/** Two ways to do the same work, measured in turns. */
export interface Contest {
  readonly name: string;
  readonly unit: string;
  /** Least ratio of ours to the baseline; generous, because machines are noisy. */
  readonly goal: number;
  readonly rounds: number;
  /** Does the work once and gives its rate: more is better. */
  readonly ours: Rate;
  readonly baseline: { readonly name: string; readonly rate: Rate };
}

type Rate = () => Promise<number>;

export interface Result {
  readonly name: string;
  readonly value: number;
  readonly baseline: number;
  readonly ratio: number;
  readonly goal: number;
  readonly ok: boolean;
}

/** Medians of all rounds. The order changes with each round, so that neither side always comes first. */
export async function hold(contest: Contest): Promise<Result> {
  const sides = [
    { rate: contest.ours, rates: new Array<number>() },
    { rate: contest.baseline.rate, rates: new Array<number>() },
  ];
  for (let round = 0; round < contest.rounds; round += 1) {
    for (const side of round % 2 === 0 ? sides : sides.toReversed()) side.rates.push(await side.rate());
  }
  const [value = 0, baseline = 0] = sides.map(({ rates }) => median(rates));
  const ratio = value / baseline;
  return {
    name: `${contest.name}, ${contest.unit}, to ${contest.baseline.name}`,
    value: rounded(value),
    baseline: rounded(baseline),
    ratio: rounded(ratio),
    goal: contest.goal,
    ok: ratio >= contest.goal,
  };
}

/** Calls per second of something that is repeated until `forMs` have passed. */
export async function ratePerSecond(forMs: number, call: () => unknown): Promise<number> {
  const startedAt = performance.now();
  let calls = 0;
  while (performance.now() - startedAt < forMs) {
    await call();
    calls += 1;
  }
  return calls / ((performance.now() - startedAt) / 1000);
}

/** So many pieces of work per second, done all together by one call. */
export async function rateOf(pieces: number, work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return pieces / ((performance.now() - startedAt) / 1000);
}

function median(rates: readonly number[]): number {
  const sorted = rates.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** Three significant digits. */
function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
