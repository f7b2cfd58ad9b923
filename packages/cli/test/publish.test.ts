import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ask, folder, refusal, run, start } from './command-line.ts'
import { runningShop, shopFile, storeOfShop } from './store.ts'

interface Shown {
  readonly position: number
  readonly event: {
    readonly id: string
    readonly source: string
    readonly partitionkey?: string
    readonly data: unknown
  }
}

/** Everything in the log. */
async function logged(path: string): Promise<Shown[]> {
  const { out } = await run(['tail', '--from', 'beginning', '--no-follow', '--json', '--store', path])
  return out === ''
    ? []
    : out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Shown)
}

const order = (index: number, total: unknown = index): string => JSON.stringify({ orderId: `o-${index}`, total })

function file(...lines: readonly string[]): string {
  const path = join(folder(), 'orders.ndjson')
  writeFileSync(path, `${lines.join('\n')}\n`)
  return path
}

describe('publishing one event', () => {
  it('takes the contract of the registry', async () => {
    const { path, application } = await runningShop()
    const publish = ['publish', 'shop.order.requested', order(1), '--store', path]
    expect(await ask([...publish, '--id', 'a', '--key', 'k', '--source', '/by/hand'])).toEqual({
      type: 'shop.order.requested',
      id: 'a',
      position: 1,
      duplicate: false,
      at: null,
    })
    await application.idle()
    expect((await run([...publish, '--id', 'a'])).out).toBe(
      'shop.order.requested with the id a is there already, at position 1\n',
    )
    const { code, out } = await run(publish)
    expect(code).toBe(0)
    expect(out).toMatch(/^shop\.order\.requested at position 2, id [0-9a-f-]{36}\n$/)
    expect(await logged(path)).toMatchObject([
      { position: 1, event: { id: 'a', source: '/by/hand', partitionkey: 'k', data: { orderId: 'o-1' } } },
      { position: 2, event: { source: '/millrace/cli' } },
    ])
    await application.idle()
    expect(await ask(['subscriptions', 'payments', '--store', path])).toMatchObject({ lag: 0, settled: { handled: 2 } })
  })

  it('validates by the JSON Schema of the registry', async () => {
    const at = ['--store', await storeOfShop()]
    const publish = (data: unknown) => refusal(['publish', 'shop.order.requested', JSON.stringify(data), ...at])
    expect(await publish({ orderId: 'o-1', total: 'x' })).toMatchObject({
      exit: 1,
      code: 'DATA_INVALID',
      fields: { path: 'total' },
    })
    expect(await publish({ orderId: 'o-1' })).toMatchObject({ fields: { reason: expect.stringContaining("'total'") } })
    expect(await publish({ orderId: 'o-1', total: 1, email: 'x' })).toMatchObject({
      fields: { path: 'email', issues: 1 },
    })
    const unknown = { exit: 3, code: 'CONTRACT_UNKNOWN', fields: { known: expect.arrayContaining(['shop.charge']) } }
    expect(await refusal(['publish', 'shop.order', '{}', ...at])).toMatchObject(unknown)
    expect(await logged(at[1]!)).toEqual([])
  })

  it('sends a command, and no query', async () => {
    const at = ['--store', await storeOfShop()]
    expect(await ask(['publish', 'shop.charge', '{"amount":1}', ...at])).toMatchObject({ position: 1 })
    expect(await refusal(['publish', 'shop.balance', '{}', ...at])).toMatchObject({ exit: 2, code: 'USAGE_INVALID' })
  })

  it('takes the contract of an application file, which is not started', async () => {
    const { path, application } = await runningShop()
    await application.stop()
    const publish = ['publish', 'shop.order.requested', order(7), '--app', shopFile]
    expect(await ask(publish)).toMatchObject({ position: 1 })
    expect(await logged(path)).toMatchObject([{ event: { partitionkey: 'o-7', source: '/millrace' } }])
    expect(await ask(['subscriptions', 'payments', '--store', path])).toMatchObject({ lag: 1, owner: null })
    const wrong = ['publish', 'shop.order.requested', order(7, 1.5), '--app', shopFile]
    expect(await refusal(wrong)).toMatchObject({ code: 'DATA_INVALID', fields: { path: 'total' } })
  })

  it.each([
    ['no-such.ts', undefined, 'there is no such file'],
    ['empty.mjs', 'export const a = 1', 'no default export'],
    ['number.mjs', 'export default 7', 'neither an application nor a function'],
  ])('refuses the application file %s', async (name, text, reason) => {
    const path = join(folder(), name)
    if (text !== undefined) writeFileSync(path, text)
    const message = expect.stringContaining(reason)
    expect(await refusal(['publish', 'x', '{}', '--app', path])).toMatchObject({
      exit: 2,
      code: 'APP_FILE_INVALID',
      message,
    })
  })
})

describe('publishing lines', () => {
  it('publishes each line of a file, in order, with its id and key', async () => {
    const path = await storeOfShop()
    const lines = Array.from({ length: 2_500 }, (_, index) => order(index))
    const publish = ['publish', 'shop.order.requested', '--file', file(...lines), '--store', path]
    const fields = ['--id-field', 'orderId', '--key-field', 'orderId']
    expect(await ask([...publish, ...fields])).toMatchObject({
      published: 2_500,
      duplicates: 0,
      lastLine: 2_500,
      firstPosition: 1,
      lastPosition: 2_500,
    })
    const events = await logged(path)
    expect(events.map(({ event }) => event.id)).toEqual(lines.map((_, index) => `o-${index}`))
    expect(events[7]!.event.partitionkey).toBe('o-7')
    expect(await ask([...publish, ...fields])).toMatchObject({ published: 0, duplicates: 2_500 })
  })

  it('publishes standard input as it comes, until it is interrupted', async () => {
    const path = await storeOfShop()
    const running = start(['publish', 'shop.order.requested', '-', '--store', path], { columns: 80 })
    running.type(order(1))
    const tail = start(['tail', '--from', 'beginning', '-n', '1', '--json', '--store', path])
    expect((await tail.ended).out).toContain('o-1')
    running.interrupt()
    const { code, err } = await running.ended
    expect(code).toBe(130)
    expect(err).toContain('All lines up to line 1 are published; go on with --skip-lines 1')
  })

  it.each([
    ['is not JSON', '{"orderId":', /not JSON/],
    ['does not fit the contract', order(1, 'x'), /does not fit the contract/],
    ['has no id', '{"total":1}', /no id at 'orderId'/],
  ])('ends at a line that %s: all before it are published, none after it', async (_, bad, reason) => {
    const path = await storeOfShop()
    const lines = Array.from({ length: 1_700 }, (_, index) => order(index))
    lines[1_200] = bad
    const orders = file(...lines)
    const publish = ['publish', 'shop.order.requested', '--file', orders, '--id-field', 'orderId', '--store', path]
    const refused = await refusal(publish)
    expect(refused).toMatchObject({
      exit: 1,
      code: 'NDJSON_INVALID',
      fields: { file: orders, line: 1_201, published: 1_200 },
    })
    expect(refused.message).toMatch(reason)
    expect(await logged(path)).toHaveLength(1_200)

    expect(await ask([...publish, '--skip-lines', '1201'])).toMatchObject({ published: 499, duplicates: 0 })
    expect((await logged(path)).map(({ event }) => event.id)).toEqual(
      lines.map((_, index) => `o-${index}`).filter((id) => id !== 'o-1200'),
    )
  })

  it('ends in the same way with the contract of an application file', async () => {
    const { path, application } = await runningShop()
    await application.stop()
    const orders = file(order(1), order(2), order(3, -0.5), order(4))
    const refused = await refusal(['publish', 'shop.order.requested', '--file', orders, '--app', shopFile])
    expect(refused).toMatchObject({ code: 'NDJSON_INVALID', fields: { line: 3, published: 2 } })
    expect(await logged(path)).toHaveLength(2)
  })

  it('tells a file that cannot be read', async () => {
    const at = ['--store', await storeOfShop()]
    const refused = await refusal(['publish', 'shop.order.requested', '--file', '/no/such/file', ...at])
    expect(refused).toMatchObject({ exit: 2, message: expect.stringContaining('ENOENT') })
  })
})
