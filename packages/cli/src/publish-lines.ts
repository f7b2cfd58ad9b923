import type { Message, Published } from 'millrace'
import { toldBy } from './errors.ts'
import { type Line, LineError, linesOf, parseLine } from './ndjson.ts'
import type { Publishing } from './publishing.ts'
import { textAt } from './values.ts'

/** How many lines one unit has at most. */
const unitLines = 1_000

/** Errors that lie in one event, and not in the store or the contract. */
const ofOneEvent = new Set<string>(['DATA_INVALID', 'PAYLOAD_TOO_LARGE', 'EVENT_INVALID'])

export interface Totals {
  /** Events that are in the log now and were not before, or are to be published at their time. */
  readonly published: number
  /** Events whose id was there already. */
  readonly duplicates: number
  /** The number of the last line that is published. */
  readonly lastLine: number
  readonly firstPosition: number | null
  readonly lastPosition: number | null
  readonly ms: number
  readonly interrupted: boolean
}

interface PublishLinesOptions {
  /** Options of every event. */
  readonly common: NonNullable<Message['options']>
  /** Where in the data its id and its key are. */
  readonly fields: { readonly id: string | undefined; readonly key: string | undefined }
  readonly skipLines: number
  readonly signal: AbortSignal
  readonly onProgress: (totals: Totals) => void
  /** Told before an error is thrown that lies in no line. */
  readonly onFailure: (totals: Totals) => void
}

/**
 * Publishes an event for each line, in units of up to 1,000, one after the other: what has come is published at once, and
 * the next lines are read when it is durable.
 * @throws NDJSON_INVALID for the first line that is wrong: all before it are published, none after it
 */
export async function publishLines(
  publishing: Publishing,
  chunks: AsyncIterable<Buffer>,
  name: string,
  options: PublishLinesOptions,
): Promise<Totals> {
  const run = new Run(publishing, options)
  try {
    for await (const lines of linesOf(chunks)) {
      const wanted = lines.filter(({ number }) => number > options.skipLines)
      for (let from = 0; from < wanted.length && !options.signal.aborted; from += unitLines) {
        await run.publish(wanted.slice(from, from + unitLines))
        options.onProgress(run.totals(false))
      }
      if (options.signal.aborted) break
    }
  } catch (error) {
    if (error instanceof LineError) throw error.toMillraceError(name, run.published)
    options.onFailure(run.totals(false))
    throw error
  }
  return run.totals(options.signal.aborted)
}

class Run {
  published = 0
  readonly #publishing: Publishing
  readonly #options: PublishLinesOptions
  readonly #startMs = performance.now()
  #duplicates = 0
  #lastLine: number
  #first: number | null = null
  #last: number | null = null

  constructor(publishing: Publishing, options: PublishLinesOptions) {
    this.#publishing = publishing
    this.#options = options
    this.#lastLine = options.skipLines
  }

  async publish(lines: readonly Line[]): Promise<void> {
    const messages: Message[] = []
    let wrong: unknown
    for (const line of lines) {
      try {
        messages.push(this.#messageOf(line))
      } catch (error) {
        wrong = error
        break
      }
    }
    try {
      await this.#commit(messages, lines)
    } catch (error) {
      if (!ofOneEvent.has(toldBy(error)?.code ?? '')) throw error
      // One of them is wrong, and nothing of the unit was published: one by one, up to that one.
      for (const [index, message] of messages.entries()) await this.#commitOne(message, lines[index]!)
    }
    if (wrong !== undefined) throw wrong
  }

  totals(interrupted: boolean): Totals {
    return {
      published: this.published,
      duplicates: this.#duplicates,
      lastLine: this.#lastLine,
      firstPosition: this.#first,
      lastPosition: this.#last,
      ms: Math.round(performance.now() - this.#startMs),
      interrupted,
    }
  }

  async #commitOne(message: Message, line: Line): Promise<void> {
    try {
      await this.#commit([message], [line])
    } catch (error) {
      const told = toldBy(error)
      if (told === undefined || !ofOneEvent.has(told.code)) throw error
      throw new LineError(line.number, told.message.replace(/\.$/, ''), error)
    }
  }

  async #commit(messages: readonly Message[], lines: readonly Line[]): Promise<void> {
    if (messages.length === 0) return
    this.#count(await this.#publishing.application.publishAll(messages))
    this.#lastLine = lines[messages.length - 1]!.number
  }

  #count(all: readonly Published[]): void {
    for (const { position, duplicate } of all) {
      if (duplicate) {
        this.#duplicates++
        continue
      }
      this.published++
      if (position === 0) continue
      this.#first ??= position
      this.#last = position
    }
  }

  #messageOf(line: Line): Message {
    const { common, fields } = this.#options
    const data = parseLine(line)
    const at = (path: string, what: string): string => {
      const text = textAt(data, path)
      if (text === undefined || text === '') throw new LineError(line.number, `it has no ${what} at '${path}'`)
      return text
    }
    const id = fields.id === undefined ? {} : { id: at(fields.id, 'id') }
    const key = fields.key === undefined ? {} : { key: at(fields.key, 'key') }
    return { contract: this.#publishing.contract, data, options: { ...common, ...id, ...key } }
  }
}
