import type { Snapshot, View } from './snapshot.ts'

const intervalMs = 1_000

/** A view for logs and pipes: a line a second. */
export function plainView(write: (line: string) => void): View {
  let lastMs = Number.NEGATIVE_INFINITY
  let last: string | undefined
  let newest: string | undefined
  const print = (line: string): void => {
    if (line !== last) write(line)
    last = line
  }
  return {
    show(snapshot: Snapshot): void {
      newest = lineOf(snapshot)
      const now = performance.now()
      if (now - lastMs < intervalMs) return
      lastMs = now
      print(newest)
    },
    close(): void {
      if (newest !== undefined) print(newest)
    },
  }
}

function lineOf(s: Snapshot): string {
  const lag = s.services.filter((service) => service.lag > 0).map(({ name, lag }) => `${name} ${lag}`)
  return [
    `entries ${s.line}/${s.entries}`,
    `events ${s.events}`,
    `${s.eventsPerSecond}/s`,
    `orders ${s.completed}`,
    `retries ${s.retries}`,
    `dead ${s.deadLetters}`,
    `lag ${lag.length === 0 ? 'none' : lag.join(', ')}`,
  ].join('  ')
}
