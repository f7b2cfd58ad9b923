import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { z } from 'zod'

/** One entry of the shop's sales ledger, as the input file has it. */
const LedgerEntry = z.object({
  invoice: z.string().min(1),
  at: z.iso.datetime(),
  customer: z.string().nullable(),
  country: z.string(),
  lines: z.array(z.object({ sku: z.string(), name: z.string(), quantity: z.int(), unitPriceMinor: z.int() })),
})

export type LedgerEntry = z.infer<typeof LedgerEntry>

/** What is wrong with the ledger file, in words for its owner. */
export class LedgerError extends Error {
  override readonly name = 'LedgerError'
}

/** A ledger file in NDJSON, plain or compressed by gzip (`.gz`). */
export class SalesLedger {
  readonly path: string
  /** How many entries it has. */
  readonly entries: number
  /** Tells this ledger from every other one, wherever the file lies. */
  readonly sha256: string

  private constructor(path: string, entries: number, sha256: string) {
    this.path = path
    this.entries = entries
    this.sha256 = sha256
  }

  /** Looks through the file once. @throws LedgerError when it cannot be read or is empty */
  static async open(path: string): Promise<SalesLedger> {
    const hash = createHash('sha256')
    let entries = 0
    for await (const line of linesOf(path)) {
      hash.update(line).update('\n')
      entries++
    }
    if (entries === 0) throw new LedgerError(`${path} is empty`)
    return new SalesLedger(path, entries, hash.digest('hex'))
  }

  /** The entries after line `line`, so many at once. @throws LedgerError that names the line which is no entry */
  async *batches(line: number, size: number): AsyncGenerator<readonly LedgerEntry[]> {
    let number = 0
    let batch: LedgerEntry[] = []
    for await (const text of linesOf(this.path)) {
      if (++number <= line) continue
      batch.push(this.#parse(text, number))
      if (batch.length < size) continue
      yield batch
      batch = []
    }
    if (batch.length > 0) yield batch
  }

  #parse(text: string, number: number): LedgerEntry {
    let json: unknown
    try {
      json = JSON.parse(text)
    } catch (cause) {
      throw new LedgerError(`${this.path}, line ${number} is not JSON: ${(cause as Error).message}`, { cause })
    }
    const { success, data, error } = LedgerEntry.safeParse(json)
    if (success) return data
    const [issue] = error.issues
    const field = issue?.path.join('.') || 'the line'
    throw new LedgerError(`${this.path}, line ${number} is not a ledger entry: ${field}: ${issue?.message}`)
  }
}

/** The lines of a text file. @throws LedgerError when it cannot be read */
export async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = ''
  try {
    for await (const chunk of textOf(path)) {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      yield* lines
    }
  } catch (cause) {
    throw new LedgerError(`${path} cannot be read: ${(cause as Error).message}`, { cause })
  }
  if (rest !== '') yield rest
}

function textOf(path: string): Readable {
  const file = createReadStream(path)
  if (!path.endsWith('.gz')) return file.setEncoding('utf8')
  // `pipeline` hands an error of the file on to whoever reads the text; nothing is left for the callback to do.
  return pipeline(file, createGunzip(), () => {}).setEncoding('utf8')
}
