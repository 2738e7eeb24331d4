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

/** Work that must not take longer than so much, on any machine that the project is meant for. */
export interface Ceiling {
  readonly name: string;
  readonly rounds: number;
  readonly mostMs: number;
  /** Does the work once and gives how long it took. */
  readonly ms: () => Promise<number>;
}

export interface Result {
  readonly name: string;
  readonly value: number;
  readonly baseline: number;
  readonly ratio: number;
  readonly goal: number;
  readonly ok: boolean;
}

/** The median of all rounds against the ceiling, as a ratio: 2 is twice as quick as it must be. */
export async function holdBelow(ceiling: Ceiling): Promise<Result> {
  const taken: number[] = [];
  for (let round = 0; round < ceiling.rounds; round += 1) taken.push(await ceiling.ms());
  const value = median(taken);
  const ratio = ceiling.mostMs / value;
  return {
    name: `${ceiling.name}, ms, to the most it may take`,
    value: rounded(value),
    baseline: ceiling.mostMs,
    ratio: rounded(ratio),
    goal: 1,
    ok: ratio >= 1,
  };
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

/** Processor time of one call in milliseconds, without what other programs of the machine take. */
export async function processorMs(forMs: number, call: () => unknown): Promise<number> {
  const before = process.threadCpuUsage();
  const startedAt = performance.now();
  let calls = 0;
  while (performance.now() - startedAt < forMs) {
    await call();
    calls += 1;
  }
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000 / calls;
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
