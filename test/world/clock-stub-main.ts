/**
 * Loaded before a daemon (`node --import`): its clock is ahead of the machine's, so that USHER_TEST_SECOND seconds of a
 * minute are over when it starts.
 */
const machine = Date;
const second = Number(process.env["USHER_TEST_SECOND"]);
const aheadMs = (60_000 + second * 1000 - (machine.now() % 60_000)) % 60_000;

globalThis.Date = new Proxy(machine, {
  construct: (target, given: [] | [number]) =>
    given.length === 0 ? new target(target.now() + aheadMs) : new target(...given),
  get: (target, name): unknown => (name === "now" ? () => target.now() + aheadMs : Reflect.get(target, name)),
});
