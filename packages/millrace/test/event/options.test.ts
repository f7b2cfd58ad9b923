import { defineEvent, millrace } from 'millrace'
import { sqlite } from 'millrace/sqlite'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'

const Noted = defineEvent('test.noted', { schema: z.object({ n: z.int() }) })
const Keyed = defineEvent('test.keyed', { schema: z.object({ n: z.int() }), key: ({ n }) => n as unknown as string })

describe('options of a publish', () => {
  test.each([
    [{ delay: 3 }, 'delay'],
    [{ id: '' }, 'id'],
    [{ id: 5 }, 'id'],
    [{ key: 7 }, 'key'],
    [{ ttlMs: Number.NaN }, 'ttlMs'],
    [{ ttlMs: 1e300 }, 'ttlMs'],
    [{ afterMs: -1 }, 'afterMs'],
    [{ expiresAt: new Date(Number.NaN) }, 'expiresAt'],
    [{ time: 'yesterday' }, 'time'],
  ])('%o is refused, with its name', async (options, name) => {
    await using app = await millrace({ store: sqlite(':memory:') }).start()
    await expect(app.publish(Noted, { n: 1 }, options as never)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      fields: { option: `test.noted: ${name}` },
    })
    expect((await app.inspect()).head).toBe(0)
  })

  test('those that are undefined count as left out, and fractions of a millisecond are rounded up', async () => {
    await using app = await millrace({ store: sqlite(':memory:') }).start()
    const options = { id: undefined, ttlMs: 1_000.5 }
    expect(await app.publish(Noted, { n: 1 }, options as never)).toMatchObject({ position: 1, duplicate: false })
  })

  test('a key that is not a string is refused: it would come back as another one', async () => {
    await using app = await millrace({ store: sqlite(':memory:') }).start()
    await expect(app.publish(Keyed, { n: 7 })).rejects.toMatchObject({ code: 'EVENT_INVALID' })
  })
})
