/** Lets the collector tidy up what was made before, so that it does not do so while the clock runs. */
export function tidy(): void {
  globalThis.gc?.()
}

/** Runs `work`, which takes `count` events, and gives the events a second. */
export async function rate(count: number, work: () => unknown): Promise<number> {
  tidy()
  const began = performance.now()
  await work()
  return (count / (performance.now() - began)) * 1_000
}

/** The wall clock, finer than a millisecond. */
export const wallMs = (): number => performance.timeOrigin + performance.now()
