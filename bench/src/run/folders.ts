import { closeSync, cpSync, fsyncSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Measurement, Prepared } from '../measurement.ts'

/** The folders of one run of the suite; all of them are removed with it. */
export interface Folders {
  /**
   * A folder for one run of a measurement, with what its preparation made.
   * @param make called when the preparation has not been made yet
   */
  forRun(measurement: Measurement, make: (folder: string) => Promise<void>): Promise<RunFolder>
  remove(): void
}

interface RunFolder extends Disposable {
  readonly path: string
}

export function foldersIn(parent: string): Folders {
  const root = mkdtempSync(join(parent, 'millrace-bench-'))
  // An interrupted run leaves no gigabytes behind.
  const remove = (): void => rmSync(root, { recursive: true, force: true })
  const onSignal = (): never => {
    remove()
    process.exit(130)
  }
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal)
  const prepared = new Map<string, string>()

  const prepare = async ({ name }: Prepared, make: (folder: string) => Promise<void>): Promise<string> => {
    const known = prepared.get(name)
    if (known !== undefined) return known
    const folder = join(root, `prepared-${name}`)
    // What a preparation left that failed is no beginning for another one.
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder)
    await make(folder)
    prepared.set(name, folder)
    return folder
  }

  return {
    async forRun({ prepare: needed }, make) {
      const made = needed === undefined ? undefined : await prepare(needed, make)
      if (made !== undefined && needed?.copied === false) return { path: made, [Symbol.dispose]: () => {} }
      const path = mkdtempSync(join(root, 'run-'))
      if (made !== undefined) copySynced(made, path)
      return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
    },
    remove() {
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
      remove()
    },
  }
}

/** What was copied is on the disk before the clock runs, else the first sync that is measured would pay for it. */
function copySynced(from: string, to: string): void {
  cpSync(from, to, { recursive: true })
  for (const name of readdirSync(to)) {
    const file = openSync(join(to, name), 'r+')
    fsyncSync(file)
    closeSync(file)
  }
}
