import type { Application } from 'millrace'
import { report } from './channel.ts'
import { everything } from './contracts.ts'

/** Reads the log beside everything else, live, and reports what it sees in the order in which it sees it. */
export async function read(
  app: Application,
  name: string,
  from: 'beginning' | 'now',
  signal: AbortSignal,
): Promise<void> {
  let records: (number | string)[] = []
  let after: number | undefined
  let planned = false
  const flush = (): void => {
    planned = false
    if (records.length === 0) return
    report({ type: 'saw', reader: name, after: after ?? 0, records })
    records = []
  }
  for await (const { position, event } of app.events(everything, { from, signal })) {
    after ??= from === 'beginning' ? 0 : position - 1
    records.push(position, (event.data as { readonly id: string }).id)
    if (planned) continue
    planned = true
    setImmediate(flush)
  }
  flush()
}
