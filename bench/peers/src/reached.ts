/** Counts events, and lets somebody wait until a number is reached, or something failed. */
export function reached() {
  let seen = 0
  let wanted = Number.POSITIVE_INFINITY
  const waited = Promise.withResolvers<void>()
  // A failure that comes before anybody waits is not lost: it is thrown at who waits then.
  waited.promise.catch(() => {})
  const look = (): void => {
    if (seen >= wanted) waited.resolve()
  }
  return {
    one: (): void => {
      seen++
      look()
    },
    many: (count: number): void => {
      seen += count
      look()
    },
    fail: (error: unknown): void => waited.reject(error),
    count: (count: number): Promise<void> => {
      wanted = count
      look()
      return waited.promise
    },
  }
}
