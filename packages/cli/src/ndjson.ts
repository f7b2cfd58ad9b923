import { MillraceError } from 'millrace'

/** A line that is not empty, with its number, from 1 on. */
export interface Line {
  readonly number: number
  readonly text: string
}

const newline = 0x0a
/** Far more than one event may have; without a limit, a file that has no lines would fill the memory. */
const maxLineBytes = 64 * 1024 * 1024

/** A line that cannot be read. The caller knows what was published before it. */
export class LineError extends Error {
  readonly line: number

  constructor(line: number, reason: string, cause?: unknown) {
    super(reason, { cause })
    this.line = line
  }

  /** The same as the error that a user is told. */
  toMillraceError(file: string, published: number): MillraceError<'NDJSON_INVALID'> {
    const fields = { file, line: this.line, reason: this.message, published }
    return new MillraceError('NDJSON_INVALID', fields)
  }
}

/**
 * The lines of a stream, as many at once as have come: a stream that goes on for long is not waited for. Lines are parted by
 * `\n` or `\r\n`; empty ones are left out but have a number. A byte order mark at the beginning is ignored.
 * @throws LineError for text that is not UTF-8, and for a line over 64 MiB
 */
export async function* linesOf(stream: AsyncIterable<Buffer>): AsyncGenerator<readonly Line[]> {
  let number = 0
  let begun: Buffer[] = []
  let begunBytes = 0
  const take = (bytes: Buffer, into: Line[]): void => {
    number++
    const text = decode(bytes, number)
    if (text !== '') into.push({ number, text })
  }
  for await (const chunk of stream) {
    const lines: Line[] = []
    let from = 0
    try {
      for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, from)) {
        const part = chunk.subarray(from, end)
        take(begun.length === 0 ? part : Buffer.concat([...begun, part]), lines)
        begun = []
        begunBytes = 0
        from = end + 1
      }
      if (from < chunk.length) {
        begun.push(chunk.subarray(from))
        begunBytes += chunk.length - from
        if (begunBytes > maxLineBytes) throw new LineError(number + 1, `it is longer than ${maxLineBytes} bytes`)
      }
    } catch (error) {
      // What stands before the bad line goes its way first.
      if (lines.length > 0) yield lines
      throw error
    }
    if (lines.length > 0) yield lines
  }
  if (begun.length === 0) return
  const last: Line[] = []
  take(Buffer.concat(begun), last)
  if (last.length > 0) yield last
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function decode(bytes: Buffer, number: number): string {
  try {
    return utf8.decode(bytes).trim()
  } catch (error) {
    throw new LineError(number, 'it is not UTF-8', error)
  }
}

/** @throws LineError */
export function parseLine({ number, text }: Line): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    // The parser saw this line alone, and would call it line 1.
    const reason = (error as SyntaxError).message.replace(/ \(line \d+ column \d+\)$/, '')
    throw new LineError(number, `it is not JSON (${reason})`, error)
  }
}
