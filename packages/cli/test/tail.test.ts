import { describe, expect, it } from 'vitest'
import { ask, refusal, run, start } from './command-line.ts'
import { runningShop, storeOfShop } from './store.ts'

describe('tail', () => {
  it('shows events as they come, until it is interrupted', async () => {
    const { path, order } = await runningShop()
    await order(1)
    const tail = start(['tail', 'shop.**', '--from', 'beginning', '--store', path])
    await tail.shows('"orderId":"o-1"')
    await order(2)
    const text = await tail.shows('"orderId":"o-2"')
    expect(text).toMatch(
      /^\d{4}-\d\d-\d\dT[\d:.]+Z {2}1 {2}shop\.order\.requested {2}o-1 {2}\{"orderId":"o-1","total":1\}\n/,
    )
    tail.interrupt()
    expect(await tail.ended).toMatchObject({ code: 0, err: '' })
  })

  it('shows what matches, from where it is told to', async () => {
    const path = await storeOfShop(1, 2, 3)
    const tail = async (...args: readonly string[]): Promise<number[]> => {
      const { out } = await run(['tail', ...args, '--no-follow', '--json', '--store', path])
      return out
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line).position as number)
    }
    expect(await tail('--from', 'beginning')).toEqual([1, 2, 3])
    expect(await tail('--from', '2')).toEqual([2, 3])
    expect(await tail('--from', '2', '--limit', '1')).toEqual([2])
    expect(await tail('--from', '1h')).toEqual([1, 2, 3])
    expect(await tail('--from', new Date(Date.now() + 60_000).toISOString())).toEqual([])
    expect(await tail()).toEqual([])
    expect(await tail('shop.*', '--from', 'beginning')).toEqual([])
    expect(await tail('other', 'shop.*.*', '--from', 'beginning')).toEqual([1, 2, 3])
    expect(await refusal(['tail', 'a..b', '--store', path])).toMatchObject({ exit: 2, code: 'TOPIC_INVALID' })
  })

  it('keeps to the width of a terminal, and to what is printable', async () => {
    const path = await storeOfShop()
    const data = JSON.stringify({ orderId: `\x1b[2J${'x'.repeat(200)}`, total: 1 })
    await ask(['publish', 'shop.order.requested', data, '--key', 'k\x1b[31m', '--store', path])
    const env = { NO_COLOR: '1' }
    const { out } = await run(['tail', '--from', '1', '-n', '1', '--store', path], { columns: 100, env })
    expect(out).toMatch(/ {2}k\\u001b\[31m {2}\{"orderId":"\\u001b\[2Jxxx+…\n$/)
    expect(out.trimEnd().length).toBeLessThanOrEqual(100)
    expect((await run(['tail', '--from', '1', '-n', '1', '--store', path])).out).toContain('x'.repeat(200))
  })
})

describe('subscriptions --watch', () => {
  it('shows them anew until it is interrupted, in place on a terminal', async () => {
    const { path, order } = await runningShop()
    const lines = start(['subscriptions', '--watch', '--json', '--store', path])
    await lines.shows('"lag":0')
    await order(1, 2)
    await lines.shows('"floor":2')
    lines.interrupt()
    expect((await lines.ended).code).toBe(0)

    const screen = start(['subscriptions', '--watch', '--store', path], { columns: 100 })
    await screen.shows('payments')
    screen.interrupt()
    const { code, out } = await screen.ended
    expect(code).toBe(0)
    expect(out.startsWith('\x1b[?1049h')).toBe(true)
    expect(out.endsWith('\x1b[?1049l')).toBe(true)
  })
})
