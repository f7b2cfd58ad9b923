import { join } from 'node:path'
import { eventually, simulatedClock } from '@millrace/testing'
import fc from 'fast-check'
import { type Event, fixed, type HandlerContext, service } from 'millrace'
import type { StoredDelivery, StoreEngine } from 'millrace/engine'
import { expect, test } from 'vitest'
import { Changed, type Numbered, Ordered } from '../app/contracts.ts'
import { distant, type Started, start } from '../app/setup.ts'
import { temporaryFolder } from '../sqlite/folder.ts'

/** How an attempt ends: well, with an error that is retried, or with one that is not. */
type Outcome = 'ok' | 'error' | 'fatal'

interface Publish {
  readonly kind: 'publish'
  readonly key: string
  readonly type: 'ordered' | 'changed'
  /** One for each attempt; what comes after is `ok`. */
  readonly outcomes: readonly Outcome[]
  /** How many turns of the event loop an attempt takes. */
  readonly turns: number
}

type Command =
  | Publish
  | { readonly kind: 'advance'; readonly ms: number }
  | { readonly kind: 'turns'; readonly turns: number }
  | { readonly kind: 'redrive' }
  | { readonly kind: 'restart' }

const delayMs = 1_000
const attempts = 3

const publish: fc.Arbitrary<Command> = fc.record({
  kind: fc.constant('publish' as const),
  key: fc.constantFrom('a', 'b', 'c'),
  type: fc.constantFrom('ordered' as const, 'changed' as const),
  outcomes: fc.array(fc.constantFrom<Outcome>('ok', 'ok', 'ok', 'error', 'error', 'fatal'), { maxLength: 5 }),
  turns: fc.constantFrom(0, 0, 1, 3),
})
const advance: fc.Arbitrary<Command> = fc.constantFrom(0, 500, delayMs).map((ms) => ({ kind: 'advance', ms }))
const turns: fc.Arbitrary<Command> = fc.nat({ max: 5 }).map((count) => ({ kind: 'turns', turns: count }))
const commands: fc.Arbitrary<Command[]> = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: publish },
    { weight: 3, arbitrary: advance },
    { weight: 3, arbitrary: turns },
    { weight: 1, arbitrary: fc.constant<Command>({ kind: 'redrive' }) },
    { weight: 1, arbitrary: fc.constant<Command>({ kind: 'restart' }) },
  ),
  { minLength: 5, maxLength: 60 },
)

/** Follows every event from outside, and tells when one is handled that must still wait. */
class Watch {
  readonly problems: string[] = []
  readonly #scripts: Publish[] = []
  readonly #attempts: number[] = []
  readonly #state: ('open' | 'done' | 'dead' | 'redriving' | 'redriven')[] = []
  readonly #heads: Set<number>[] = []
  readonly #inFlight = new Map<string, number>()
  readonly #keyOf: (publish: Publish) => string

  constructor(keyOf: (publish: Publish) => string) {
    this.#keyOf = keyOf
  }

  add(script: Publish): number {
    this.#attempts.push(0)
    this.#state.push('open')
    return this.#scripts.push(script) - 1
  }

  redrive(n: number): void {
    this.#state[n] = 'redriving'
    this.#heads[n] = new Set()
  }

  /** From here on it is known to stand in the order of its key; until then another one may have come to its head. */
  redriven(n: number): void {
    if (this.#state[n] === 'redriving') this.#state[n] = 'redriven'
  }

  /** While event `n` was redriven, that other one was at the head of its key: it need not wait for `n`. */
  headAtRedrive(n: number, head: number): void {
    this.#heads[n]!.add(head)
  }

  get open(): number {
    return this.#state.filter((state) => state !== 'done').length
  }

  readonly handle = async ({ data: { n } }: Event<Numbered>, { attempt }: HandlerContext): Promise<void> => {
    const script = this.#scripts[n]!
    const key = this.#keyOf(script)
    this.#begin(n, key, attempt)
    for (let i = 0; i < script.turns; i++) await turn()
    this.#inFlight.delete(key)
    const outcome = script.outcomes[this.#attempts[n]!++] ?? 'ok'
    if (outcome === 'ok') this.#state[n] = 'done'
    else if (outcome === 'fatal' || attempt === attempts) this.#state[n] = 'dead'
    if (outcome !== 'ok') throw new Error(outcome)
  }

  #begin(n: number, key: string, attempt: number): void {
    const what = `event ${n} of key ${key}, attempt ${attempt},`
    const other = this.#inFlight.get(key)
    if (other !== undefined) this.problems.push(`${what} was begun beside event ${other}`)
    this.#inFlight.set(key, n)
    const state = this.#state[n]!
    if (state === 'done' || state === 'dead') this.problems.push(`${what} was begun although it is ${state}`)
    for (const [earlier, script] of this.#scripts.slice(0, n).entries()) {
      // One that was dead may come back after others; among those that come back the order holds.
      const comesBack = this.#state[earlier] === 'redriven' && state !== 'open' && !this.#heads[earlier]!.has(n)
      if (this.#keyOf(script) === key && (this.#state[earlier] === 'open' || comesBack))
        this.problems.push(`${what} was begun before event ${earlier}`)
    }
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

async function redrive({ store }: Started, watch: Watch): Promise<void> {
  const read = (state: 'dead' | 'pending') => store.readKept({ subscription: 'watched', state, limit: 1_000 })
  const numberOf = ({ event }: StoredDelivery): number => JSON.parse(event.data!).n
  const dead = await read('dead')
  if (dead.length === 0) return
  const noteHeads = async (): Promise<void> => {
    const heads = (await read('pending')).filter(({ state }) => state !== 'waiting')
    for (const delivery of dead) for (const head of heads) watch.headAtRedrive(numberOf(delivery), numberOf(head))
  }
  for (const delivery of dead) watch.redrive(numberOf(delivery))
  await noteHeads()
  const positions = dead.map(({ position }) => position)
  await store.commit({ subscriptions: [{ kind: 'redrive', name: 'watched', positions }] })
  await noteHeads()
  for (const delivery of dead) watch.redriven(numberOf(delivery))
}

async function run(
  all: readonly Command[],
  dispatch: 'serial' | 'keyed',
  concurrency: number,
  wrap: (engine: StoreEngine) => StoreEngine = (engine) => engine,
): Promise<Watch> {
  const watch = new Watch(({ key }) => (dispatch === 'serial' ? 'all' : key))
  const options = {
    retry: fixed({ attempts, delayMs }),
    onError: (error: unknown) => ((error as Error).message === 'fatal' ? ('dead-letter' as const) : undefined),
  }
  const watched = service('watched', { dispatch, concurrency, window: 8 })
    .on(Ordered, watch.handle, options)
    .on(Changed, watch.handle, options)
  const path = join(temporaryFolder(), 'store.db')
  const clock = simulatedClock()
  let started = await start({ path, clock, wrap, services: [watched] })
  for (const command of all) {
    if (command.kind === 'publish') {
      const contract = command.type === 'ordered' ? Ordered : Changed
      await started.app.publish(contract, { key: command.key, n: watch.add(command) })
    } else if (command.kind === 'advance') await clock.advance(command.ms)
    else if (command.kind === 'turns') for (let i = 0; i < command.turns; i++) await turn()
    else if (command.kind === 'redrive') await redrive(started, watch)
    else {
      await started.app.stop()
      started = await start({ path, clock, wrap, services: [watched] })
    }
  }
  await eventually(async () => {
    await clock.advance(delayMs)
    await redrive(started, watch)
    return watch.open === 0
  })
  await eventually(async () => {
    const [state] = (await started.app.inspect()).subscriptions
    return state!.lag + state!.parked + state!.waiting + state!.dead === 0
  })
  await started.app.stop()
  return watch
}

test.each([
  ['keyed', 64],
  ['keyed', 2],
  ['keyed', 1],
  ['serial', 64],
] as const)(
  '%s, concurrency %i: the order of a key holds across types, retries, parks, dead letters, redrives and restarts',
  async (dispatch, concurrency) => {
    await fc.assert(
      fc.asyncProperty(commands, async (all) => {
        expect((await run(all, dispatch, concurrency)).problems).toEqual([])
      }),
      { numRuns: 25 },
    )
  },
)

test.each([
  ['keyed', 64],
  ['keyed', 1],
  ['serial', 64],
] as const)('%s, concurrency %i: so it does on a store whose answers come late', async (dispatch, concurrency) => {
  const delays = fc.array(fc.nat({ max: 4 }), { minLength: 1, maxLength: 7 })
  await fc.assert(
    fc.asyncProperty(commands, delays, async (all, turns) => {
      let answers = 0
      const wrap = (engine: StoreEngine) => distant(engine, () => turns[answers++ % turns.length]!)
      expect((await run(all, dispatch, concurrency, wrap)).problems).toEqual([])
    }),
    { numRuns: 25 },
  )
})

test('an event that comes while others of its key are on their way to the store waits for those', async () => {
  const begun: string[] = []
  const release = Promise.withResolvers<void>()
  const s = service('s').on(
    Ordered,
    ({ data: { n } }, { attempt }) => {
      begun.push(`${n}, attempt ${attempt}`)
      if (n !== 1) return
      if (attempt === 1) throw new Error('once')
      return release.promise
    },
    { retry: fixed({ attempts: 2, delayMs }) },
  )
  const { app, clock, store } = await start({ services: [s] })
  const told = Promise.withResolvers<void>()
  const { commit } = store
  store.commit = async (unit) => {
    const committed = await commit.call(store, unit)
    if (unit.settle?.some(({ outcome }) => outcome.kind === 'wait')) await told.promise
    return committed
  }
  await app.publish(Ordered, { key: 'a', n: 1 })
  await app.idle()
  await app.publish(Ordered, { key: 'a', n: 2 })
  await app.idle()
  await clock.advance(delayMs)
  await app.publish(Ordered, { key: 'a', n: 3 })
  await turn()
  release.resolve()
  for (let i = 0; i < 10; i++) await turn()
  told.resolve()
  await eventually(async () => (await app.inspect()).subscriptions[0]?.settled.handled === 3)
  expect(begun).toEqual(['1, attempt 1', '1, attempt 2', '2, attempt 1', '3, attempt 1'])
  await app.publish(Ordered, { key: 'a', n: 4 })
  await app.idle()
  expect(begun).toHaveLength(5)
})
