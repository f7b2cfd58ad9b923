import { inspect } from 'node:util'
import fc from 'fast-check'
import type { LeaseWrite, Unit } from 'millrace/engine'
import { describe, expect, type TestContext, test } from 'vitest'
import { type OpenStore, type StoreFixture, withStore } from '../store-contract/fixture.ts'
import { leaseOf, owner, takeLease } from '../store-contract/leasing.ts'
import { expectSame } from './compare.ts'
import { explain, tried } from './explain.ts'
import { names, resolve } from './resolve.ts'
import { emptyModel, type Model } from './state.ts'
import { type Step, steps } from './steps.ts'

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
    ...(seed !== undefined && { seed }),
  })
}

/** Lets a history happen to the store and to the model, and compares them after every step. */
async function follow(fixture: StoreFixture, history: readonly Step[]): Promise<void> {
  let model = await begin(fixture)
  for (const [n, step] of history.entries()) {
    try {
      model = await happen(fixture, model, step)
      await expectSame(fixture.store, model, [names.collection])
    } catch (error) {
      throw new Error(`In step ${n + 1} of ${history.length}: ${inspect(step, { depth: 9 })}`, { cause: error })
    }
  }
}

/** The subscriptions of the model, each with its lease taken for longer than any history lasts. */
async function begin({ store, clock }: StoreFixture): Promise<Model> {
  const model = emptyModel(clock.now())
  for (const [name, topics] of names.subscriptions) {
    await store.commit({ subscriptions: [{ kind: 'ensure', name, topics, from: 'beginning' }] })
    const epoch = await takeLease(store, leaseOf(name), 'handler', forever)
    model.subscriptions.set(name, { topics, settled: new Set(), kept: new Map() })
    model.leases.set(leaseOf(name), { epoch, instance: 'handler', untilMs: clock.now() + forever })
  }
  return model
}

async function happen(fixture: StoreFixture, model: Model, step: Step): Promise<Model> {
  switch (step.kind) {
    case 'pass':
      await fixture.clock.advance(step.ms)
      return { ...model, nowMs: fixture.clock.now() }
    case 'reopen':
      if (fixture.reopens) await fixture.reopen()
      return model
    case 'take': {
      const [name] = names.subscriptions[step.subscription]!
      const take: LeaseWrite = { kind: 'acquire', name: leaseOf(name), owner: owner('handler'), ttlMs: forever }
      return commit(fixture, model, [{ leases: [take] }])
    }
    case 'commit':
      return commit(
        fixture,
        model,
        step.units.map((parts) => resolve(model, parts, fixture.event)),
      )
  }
}

async function commit({ store }: StoreFixture, model: Model, units: readonly Unit[]): Promise<Model> {
  const group = await Promise.all(units.map((unit) => tried(unit, (one) => store.commit(one))))
  const next = explain(model, group)
  return typeof next === 'string' ? expect.fail(`${next}\n${inspect(group, { depth: 9 })}`) : next
}
