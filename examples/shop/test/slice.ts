import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { linesOf } from '../src/sales-ledger.ts'

export const sample = join(import.meta.dirname, '..', 'data', 'orders-sample.ndjson.gz')

/** A folder for one test, gone when it is disposed of, unless it is worth a look. */
export class TemporaryFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'millrace-shop-'))
  #isKept = false

  keep(): void {
    this.#isKept = true
  }

  [Symbol.dispose](): void {
    if (!this.#isKept) rmSync(this.path, { recursive: true, force: true })
  }
}

/** Some entries of the sample as a ledger of their own. */
export async function sliceOf(folder: string, from: number, count: number): Promise<string> {
  const lines: string[] = []
  let number = 0
  for await (const line of linesOf(sample)) {
    if (number >= from && number < from + count) lines.push(line)
    number++
  }
  const path = join(folder, 'slice.ndjson')
  writeFileSync(path, `${lines.join('\n')}\n`)
  return path
}
