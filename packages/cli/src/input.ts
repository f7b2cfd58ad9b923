import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { wrongUsage } from './errors.ts'
import type { Io } from './io.ts'

/** Where data comes from: the command line itself, or a stream with a name to tell of it. */
export type Source =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'stream'; readonly name: string; readonly stream: Readable }

const chunkBytes = 1024 * 1024

/** Data as an argument, from a file, or from standard input, called `-`. @throws USAGE_INVALID unless it is one of them */
export function sourceOf(io: Io, text: string | undefined, file: string | undefined): Source {
  if (text !== undefined && file !== undefined) throw wrongUsage('give the data as an argument or as --file, not both')
  const path = file ?? (text === '-' ? '-' : undefined)
  if (path === '-') return { kind: 'stream', name: 'standard input', stream: io.stdin }
  if (path !== undefined)
    return { kind: 'stream', name: path, stream: createReadStream(path, { highWaterMark: chunkBytes }) }
  if (text === undefined)
    throw wrongUsage('the data is missing: JSON as an argument, --file FILE, or - for standard input')
  return { kind: 'text', text }
}

/** The whole of a source as one JSON value. @throws USAGE_INVALID */
export async function jsonOf(source: Source): Promise<unknown> {
  const text = source.kind === 'text' ? source.text : await textOf(source)
  try {
    return JSON.parse(text)
  } catch (error) {
    const name = source.kind === 'text' ? 'the data' : source.name
    throw wrongUsage(`${name} is not JSON (${(error as SyntaxError).message})`)
  }
}

async function textOf({ name, stream }: Extract<Source, { kind: 'stream' }>): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of readable(name, stream)) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

/** The chunks of a stream, until `signal` aborts. @throws USAGE_INVALID when it cannot be read */
export async function* readable(name: string, stream: Readable, signal?: AbortSignal): AsyncGenerator<Buffer> {
  const end = (): void => void stream.destroy()
  signal?.addEventListener('abort', end)
  try {
    for await (const chunk of stream) yield chunk as Buffer
  } catch (error) {
    if (signal?.aborted) return
    throw wrongUsage(`${name} cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`)
  } finally {
    signal?.removeEventListener('abort', end)
  }
}
