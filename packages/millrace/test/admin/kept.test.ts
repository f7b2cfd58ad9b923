import { describe, expect, it } from 'vitest'
import { operated } from './operated.ts'

const positionsOf = (deliveries: readonly { readonly position: number }[]): number[] =>
  deliveries.map(({ position }) => position)

describe('dead letters', () => {
  it('are listed in log order, of one subscription or of all', async () => {
    const { operator, publish, subscribe, settle } = await operated()
    await subscribe('a', 't')
    await subscribe('b', 't')
    const [one, two, three] = await publish('t', 3)
    await settle('b', [one!, three!], 'dead')
    await settle('a', [two!, three!], 'dead')
    const all = await operator.deadLetters.list()
    expect(all.map(({ subscription, position }) => [subscription, position])).toEqual([
      ['b', one],
      ['a', two],
      ['a', three],
      ['b', three],
    ])
    expect(positionsOf(await operator.deadLetters.list({ subscription: 'a' }))).toEqual([two, three])
    expect(positionsOf(await operator.deadLetters.list({ after: two! }))).toEqual([three, three])
  })

  it('are listed page by page without losing one, also where several subscriptions gave up the same event', async () => {
    const { operator, publish, subscribe, settle } = await operated()
    const names = ['a', 'b', 'c']
    const positions = await publish('t', 4)
    for (const name of names) {
      await subscribe(name, 't')
      await settle(name, positions, 'dead')
    }
    const seen: string[] = []
    for (let after = 0; ; ) {
      const page = await operator.deadLetters.list({ after, limit: 4 })
      if (page.length === 0) break
      seen.push(...page.map(({ subscription, position }) => `${subscription}${position}`))
      after = page.at(-1)!.position
    }
    expect(seen).toEqual(positions.flatMap((position) => names.map((name) => `${name}${position}`)))
  })

  it('are shown with what an operator must know', async () => {
    const { operator, publish, subscribe, settle } = await operated()
    await subscribe('s', 't')
    const [position] = await publish('t', 1, 'k')
    await settle('s', [position!], 'dead')
    expect(await operator.deadLetters.show('s', position!)).toMatchObject({
      state: 'dead',
      reason: 'exhausted',
      attempts: 5,
      orderKey: 'k',
      history: [{ message: `at ${position}` }],
      event: { data: '0' },
    })
    await expect(operator.deadLetters.show('s', position! + 1)).rejects.toMatchObject({ code: 'DELIVERY_UNKNOWN' })
    await expect(operator.deadLetters.show('x', position!)).rejects.toMatchObject({ code: 'SUBSCRIPTION_UNKNOWN' })
  })

  it('are redriven, some or all, also more than one unit takes', async () => {
    const { operator, publish, subscribe, settle, store } = await operated()
    await subscribe('s', 't')
    const positions = await publish('t', 1_203)
    await settle('s', positions, 'dead')
    expect(await operator.deadLetters.redrive('s', [positions[2]!, positions[0]!, positions[2]!])).toBe(2)
    expect(positionsOf(await store.readKept({ subscription: 's', state: 'due', limit: 10 }))).toEqual([
      positions[0],
      positions[2],
    ])
    expect(await operator.deadLetters.redrive('s', 'all')).toBe(1_201)
    expect(await operator.deadLetters.list()).toEqual([])
    expect(await operator.deadLetters.redrive('s', 'all')).toBe(0)
    await expect(operator.deadLetters.redrive('x', 'all')).rejects.toMatchObject({ code: 'SUBSCRIPTION_UNKNOWN' })
  })

  it('are discarded and counted; what is parked is no dead letter, and then none is touched', async () => {
    const { operator, publish, subscribe, settle } = await operated()
    await subscribe('s', 't')
    const [parked, dead, other] = await publish('t', 3)
    await settle('s', [parked!], 'park')
    await settle('s', [dead!, other!], 'dead')
    const refused = operator.deadLetters.discard('s', [dead!, parked!])
    await expect(refused).rejects.toMatchObject({ code: 'DELIVERY_UNKNOWN', fields: { position: parked } })
    expect(positionsOf(await operator.deadLetters.list())).toEqual([dead, other])
    expect(await operator.deadLetters.discard('s', [dead!])).toBe(1)
    expect(await operator.deadLetters.discard('s', 'all')).toBe(1)
    const [subscription] = await operator.subscriptions()
    expect(subscription).toMatchObject({ dead: 0, parked: 1, settled: { discarded: 2 } })
  })

  it('are edited', async () => {
    const { operator, publish, subscribe, settle } = await operated()
    await subscribe('s', 't')
    const [position] = await publish('t', 1)
    await settle('s', [position!], 'dead')
    await operator.deadLetters.edit('s', position!, { mended: true })
    expect((await operator.deadLetters.show('s', position!)).event.data).toBe('{"mended":true}')
    const circular: { self?: unknown } = {}
    circular.self = circular
    for (const data of [undefined, circular, 1n]) {
      const refused = operator.deadLetters.edit('s', position!, data)
      await expect(refused).rejects.toMatchObject({ code: 'DATA_INVALID', fields: { contract: 't' } })
    }
    await expect(operator.deadLetters.edit('s', 99, 1)).rejects.toMatchObject({ code: 'DELIVERY_UNKNOWN' })
  })
})

describe('parked deliveries', () => {
  it('are listed with those that wait behind them, and released', async () => {
    const { operator, publish, subscribe, settle, store } = await operated()
    await subscribe('s', 't')
    const [head, behind] = await publish('t', 2, 'k')
    const [other] = await publish('t', 1)
    await settle('s', [head!, other!], 'park')
    await settle('s', [behind!], 'wait')
    const listed = await operator.parked.list({ subscription: 's' })
    expect(listed.map(({ position, state }) => [position, state])).toEqual([
      [head, 'parked'],
      [behind, 'waiting'],
      [other, 'parked'],
    ])
    const due = async () => positionsOf(await store.readKept({ subscription: 's', state: 'due', limit: 10 }))
    expect(await due()).toEqual([])
    expect(await operator.parked.release('s', [behind!]), 'it goes on waiting').toBe(0)
    expect(await operator.parked.release('s', [head!])).toBe(1)
    expect(await due()).toEqual([head])
    expect(await operator.parked.release('s', 'all')).toBe(2)
    expect(await due()).toEqual([head, other])
    await expect(operator.parked.release('s', [99])).rejects.toMatchObject({ code: 'DELIVERY_UNKNOWN' })
    await expect(operator.parked.list({ subscription: 'x' })).rejects.toMatchObject({ code: 'SUBSCRIPTION_UNKNOWN' })
  })
})
