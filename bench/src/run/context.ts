import { join } from 'node:path'
import { sqlite } from 'millrace/sqlite'
import type { Context, Settings } from '../measurement.ts'

/** Enough for the compiler to have seen everything several times; more changes no figure. */
const warmUpEvents = 20_000

export function contextOf(settings: Settings, folder: string, progress: (text: string) => void): Context {
  const { events, synchronous, large } = settings
  return {
    events,
    synchronous,
    large,
    folder,
    warmUp: Math.min(warmUpEvents, events),
    store: (name = 'store') => sqlite(join(folder, `${name}.db`), { synchronous }),
    progress,
  }
}
