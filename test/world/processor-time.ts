/**
 * Milliseconds of processor time that work takes in this thread. Other work on the machine adds nothing to it, so a bound
 * on it tells endless work from quick work wherever the tests run.
 */
export async function processorMs(work: () => unknown): Promise<number> {
  const before = process.threadCpuUsage();
  await work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}
