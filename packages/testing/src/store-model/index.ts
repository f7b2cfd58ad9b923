import { inspect } from 'node:util'
import fc from 'fast-check'
import type { LeaseWrite, Store, Unit } from 'millrace/engine'
import { describe, expect, type TestContext, test } from 'vitest'
import { type OpenStore, type StoreFixture, withStore } from '../store-contract/fixture.ts'
import { leaseOf, owner } from '../store-contract/leasing.ts'
import { expectSame } from './compare.ts'
import { explain, tried } from './explain.ts'
import { names, resolve } from './resolve.ts'
import { emptyModel, type Model } from './state.ts'
import { type Part, type Step, steps } from './steps.ts'

const forever = 1e9
const defaultRuns = 50
const timeLimitMs = 60_000

export interface StoreModelOptions {
  /** How many histories are tried. Default 50. */
  readonly runs?: number
  /** Makes the histories the same in every run. Default: new ones each time; a failure names its seed. */
  readonly seed?: number
  /** Whether to look for the shortest history that fails. Default true. */
  readonly shrink?: boolean
}

/**
 * Registers a property test of one engine with vitest and fast-check: random histories of units of work (alone and at once,
 * with conflicts, duplicates, failures of handlers, operators, time that passes, and the store opened again) must come to
 * what a plain model of the port says, step by step. Of units committed at once, some order must explain what came of them.
 */
export function storeModel(name: string, open: OpenStore, options: StoreModelOptions = {}): void {
  describe(`store model: ${name}`, () => {
    test(`${options.runs ?? defaultRuns} random histories`, { timeout: 2 * timeLimitMs }, (context) =>
      tryHistories(open, context, options),
    )
  })
}

/** Throws what fast-check reports when a history comes to something else than the model says. */
export async function tryHistories(open: OpenStore, context: TestContext, options: StoreModelOptions): Promise<void> {
  const property = fc.asyncProperty(steps, (history) => withStore(open, context, (fixture) => follow(fixture, history)))
  const { runs = defaultRuns, seed, shrink = true } = options
  await fc.assert(property, {
    numRuns: runs,
    endOnFailure: !shrink,
    // Looking for the shortest history that fails may take long; the shortest so far is reported then.
    interruptAfterTimeLimit: timeLimitMs,
    markInterruptAsFailure: true,
    ...(seed !== undefined && { seed }),
  })
}

/** Lets a history happen to the store and to the model, and compares them after every step, as each process sees it. */
async function follow(fixture: StoreFixture, history: readonly Step[]): Promise<void> {
  const run = await Run.begin(fixture)
  for (const [n, step] of history.entries()) {
    try {
      await run.happen(step)
      await run.compare()
    } catch (error) {
      throw new Error(`In step ${n + 1} of ${history.length}: ${inspect(step, { depth: 9 })}`, { cause: error })
    }
  }
}

class Run {
  readonly #fixture: StoreFixture
  #explanations: readonly Model[]
  /** The store as several processes have it open; where only one may, all are the same. */
  #processes: readonly Store[] = []
  /** Which of them has the leases of the subscriptions. */
  #handler = 0

  static async begin(fixture: StoreFixture): Promise<Run> {
    const run = new Run(fixture)
    await run.#open()
    for (const [name, topics] of names.subscriptions) {
      await fixture.store.commit({ subscriptions: [{ kind: 'ensure', name, topics, from: 'beginning' }] })
      run.#model.subscriptions.set(name, { topics, settled: new Set(), kept: new Map() })
    }
    await run.happen({ kind: 'take', by: 0 })
    return run
  }

  get #model(): Model {
    return this.#explanations[0]!
  }

  private constructor(fixture: StoreFixture) {
    this.#fixture = fixture
    this.#explanations = [emptyModel(fixture.clock.now())]
  }

  async happen(step: Step): Promise<void> {
    switch (step.kind) {
      case 'pass':
        await this.#fixture.clock.advance(step.ms)
        this.#model.nowMs = this.#fixture.clock.now()
        return
      case 'reopen':
        if (!this.#fixture.reopens) return
        await this.#fixture.reopen()
        return this.#open()
      case 'take':
        this.#handler = step.by
        return this.#commit([{ leases: names.subscriptions.map(([name]) => taken(name)) }], [step.by])
      case 'commit': {
        const by = step.by.map((n, place) => (step.units[place]?.some(isSettlement) ? this.#handler : n))
        const units = step.units.map((parts) => resolve(this.#model, parts, this.#fixture.event))
        return this.#commit(units, by)
      }
    }
  }

  /** Expects that the store is as the model says; of several models that explain the last step, as one of them. */
  async compare(): Promise<void> {
    for (const [n, model] of this.#explanations.entries()) {
      try {
        for (const store of new Set(this.#processes)) await expectSame(store, model, [names.collection])
        this.#explanations = [model]
        return
      } catch (error) {
        if (n === this.#explanations.length - 1) throw error
      }
    }
  }

  async #open(): Promise<void> {
    const { store, shares } = this.#fixture
    this.#processes = [store, shares ? (await this.#fixture.beside()).store : store]
  }

  async #commit(units: readonly Unit[], by: readonly number[]): Promise<void> {
    const group = await Promise.all(units.map((unit, n) => tried(unit, (one) => this.#processes[by[n]!]!.commit(one))))
    const next = explain(this.#model, group)
    if (typeof next === 'string') expect.fail(`${next}\n${inspect(group, { depth: 9 })}`)
    this.#explanations = next
  }
}

const isSettlement = ({ kind }: Part): boolean => kind === 'settle'

const taken = (subscription: string): LeaseWrite => ({
  kind: 'acquire',
  name: leaseOf(subscription),
  owner: owner('handler'),
  ttlMs: forever,
})
