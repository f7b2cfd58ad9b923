import { DatabaseSync } from 'node:sqlite'
import type { SimulatedProcess } from './process.ts'
import type { Scheduler } from './scheduler.ts'

/** Which process has which connections to SQLite, so that they end with it. */
export interface Connections {
  /** Closes those of a process, as the system does when it is killed. */
  end(process: SimulatedProcess): void
  /** Closes all that are left, and tracks no more. */
  stop(): void
}

export function trackConnections(scheduler: Scheduler): Connections {
  const opened = new Map<SimulatedProcess | undefined, Set<DatabaseSync>>()
  const { exec } = DatabaseSync.prototype
  // Every connection of Millrace begins with its settings.
  DatabaseSync.prototype.exec = function (this: DatabaseSync, sql: string) {
    const { current } = scheduler
    opened.set(current, (opened.get(current) ?? new Set()).add(this))
    return exec.call(this, sql)
  }
  const end = (process: SimulatedProcess | undefined): void => {
    for (const connection of opened.get(process) ?? []) if (connection.isOpen) connection.close()
    opened.delete(process)
  }
  return {
    end,
    stop: () => {
      for (const process of [...opened.keys()]) end(process)
      DatabaseSync.prototype.exec = exec
    },
  }
}
