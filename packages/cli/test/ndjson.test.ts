import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Line, LineError, linesOf, parseLine } from '../src/ndjson.ts'

async function* chunked(bytes: Buffer, cuts: readonly number[]): AsyncGenerator<Buffer> {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b)
  let from = 0
  for (const to of [...places, bytes.length]) {
    if (to > from) yield bytes.subarray(from, to)
    from = to
  }
}

/** All lines, and the error that they end with. */
async function read(bytes: Buffer | string, cuts: readonly number[] = []): Promise<{ lines: Line[]; error?: unknown }> {
  const lines: Line[] = []
  try {
    for await (const some of linesOf(chunked(Buffer.from(bytes), cuts))) lines.push(...some)
    return { lines }
  } catch (error) {
    return { lines, error }
  }
}

describe('lines of JSON', () => {
  it('are the same however the stream is cut', async () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 20 }).map((each) => each.replace(/[\r\n\u2028\u2029]/g, ''))
    await fc.assert(
      fc.asyncProperty(
        fc.array(text, { maxLength: 20 }),
        fc.array(fc.nat(400)),
        fc.boolean(),
        async (all, cuts, ended) => {
          const values = all.map((each) => JSON.stringify(each))
          const { lines, error } = await read(`${values.join('\n')}${ended ? '\n' : ''}`, cuts)
          expect(error).toBeUndefined()
          expect(lines.map(parseLine)).toEqual(all)
          expect(lines.map(({ number }) => number)).toEqual(all.map((_, index) => index + 1))
        },
      ),
    )
  })

  it('may be empty, end with a carriage return, and follow a byte order mark', async () => {
    const { lines } = await read('\ufeff{"a":1}\r\n\r\n  \n{"a":2}')
    expect(lines.map((line) => [line.number, parseLine(line)])).toEqual([
      [1, { a: 1 }],
      [4, { a: 2 }],
    ])
    expect(await read('')).toEqual({ lines: [] })
  })

  it('that are not JSON are told by number', async () => {
    const { lines } = await read('{"a":1}\n{"a"\n')
    const [first, second] = lines
    expect(parseLine(first!)).toEqual({ a: 1 })
    expect(() => parseLine(second!)).toThrow(
      expect.objectContaining({ line: 2, message: expect.stringContaining('not JSON') }),
    )
    expect(() => parseLine(second!)).not.toThrow(/line 1/)
  })

  it('that are not UTF-8 are told by number, and those before them are given', async () => {
    const bytes = Buffer.concat([Buffer.from('1\n2\n'), Buffer.from([0x22, 0xff, 0x22, 0x0a]), Buffer.from('4\n')])
    const { lines, error } = await read(bytes)
    expect(lines.map(({ text }) => text)).toEqual(['1', '2'])
    expect(error).toBeInstanceOf(LineError)
    expect(error).toMatchObject({ line: 3, message: 'it is not UTF-8' })
  })

  it('have a limit, so that a file without lines does not fill the memory', async () => {
    async function* endless(): AsyncGenerator<Buffer> {
      yield Buffer.from('1\n')
      for (const chunk = Buffer.alloc(8 * 1024 * 1024, 'x'); ; ) yield chunk
    }
    const reading = async (): Promise<void> => {
      for await (const lines of linesOf(endless())) expect(lines).toEqual([{ number: 1, text: '1' }])
    }
    await expect(reading()).rejects.toMatchObject({ line: 2, message: expect.stringContaining('67108864 bytes') })
  })
})
