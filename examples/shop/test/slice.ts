import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { linesOf } from '../src/sales-ledger.ts'

export const sample = join(import.meta.dirname, '..', 'data', 'orders-sample.ndjson.gz')

/** A folder for one test, gone when it is disposed of. */
export function temporaryFolder(): { readonly path: string; [Symbol.dispose](): void } {
  const path = mkdtempSync(join(tmpdir(), 'millrace-shop-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
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
