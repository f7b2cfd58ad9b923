import { isMillraceError } from 'millrace'
import { type Admin, admin } from 'millrace/admin'
import type { Store, StoreState, SubscriptionState } from 'millrace/engine'
import type { Random } from '../../faults/random.ts'
import type { SimulatedProcess } from '../machine/process.ts'
import { environmentOf } from '../store/host.ts'
import type { Said } from './contracts.ts'
import type { SiteParts } from './parts.ts'

/** Errors of operators whose subject has moved on meanwhile, or whose store is busy. */
const tolerable = new Set([
  'DELIVERY_UNKNOWN',
  'SUBSCRIPTION_UNKNOWN',
  'STORE_BUSY',
  'STORE_OVERLOADED',
  'STORE_LOCKED',
])

/** The topic of which old events may be deleted once they are handled. */
export const trimmedTopic = 'sim.handled'

/** Somebody at a console, in a process of their own. */
export class Operator {
  readonly #site: SiteParts
  readonly #random: Random
  readonly #process: SimulatedProcess
  #connected: { readonly console: Admin; readonly store: Store } | undefined

  constructor(site: SiteParts, random: Random) {
    this.#site = site
    this.#random = random
    this.#process = site.world.scheduler.spawn(`${site.name}-op`)
  }

  /** Does something, as operators do. */
  operate(): void {
    const { pick, chance } = this.#random
    this.#do(async (console, store) => {
      const { subscriptions, head } = await console.inspect()
      if (subscriptions.length === 0) return
      if (chance(0.3)) return this.#trim(store, head)
      if (this.#site.world.profile.repeats && chance(0.4)) return this.#repeat(console)
      const { name, paused } = pick(subscriptions)
      if (chance(0.4)) await (paused === null ? this.#pause(console, name) : this.#resume(console, name))
      else if (chance(0.5)) await this.#redrive(console, name)
      else await this.#release(console, name)
    })
  }

  /** Puts right what only an operator can, and tells what was there before. */
  tidy(): Promise<StoreState | undefined> {
    return new Promise((resolve) => {
      this.#do(
        async (console) => {
          const state = await console.inspect()
          for (const subscription of state.subscriptions) await this.#tidyOne(console, subscription)
          resolve(state)
        },
        () => resolve(undefined),
      )
    })
  }

  async #tidyOne(console: Admin, { name, paused, dead, parked }: SubscriptionState): Promise<void> {
    if (paused !== null) await this.#resume(console, name)
    if (dead > 0) await this.#redrive(console, name)
    if (parked > 0) await this.#release(console, name)
  }

  async #pause(console: Admin, name: string): Promise<void> {
    this.#note(`pauses ${name}`)
    await console.pause(name, 'because')
  }

  async #resume(console: Admin, name: string): Promise<void> {
    this.#note(`resumes ${name}`)
    await console.resume(name)
  }

  /** What retention does, only sooner. */
  async #trim(store: Store, through: number): Promise<void> {
    const { pick } = this.#random
    const kind = pick(['oldest', 'superseded'] as const)
    const { trimmed } = await store.commit({
      trims: [{ kind, topic: trimmedTopic, through, limit: pick([1, 10, 100]) }],
    })
    this.#note(`has deleted ${trimmed} events of ${trimmedTopic}`)
  }

  /** Lets the service that may handle things again do so. */
  async #repeat(console: Admin): Promise<void> {
    const { chance, next } = this.#random
    const watcher = (await console.subscriptions()).find(({ name }) => name === 'watcher')
    if (watcher === undefined) return
    const after = Math.floor(next() * watcher.floor)
    this.#note(`lets watcher handle again what is after ${after}`)
    if (chance(0.5)) await console.rewind('watcher', { position: after })
    else await console.replay('watcher', { after })
  }

  async #release(console: Admin, name: string): Promise<void> {
    this.#note(`releases what ${name} keeps`)
    await console.parked.release(name, 'all')
  }

  async #redrive(console: Admin, name: string): Promise<void> {
    const dead = await console.deadLetters.list({ subscription: name })
    for (const { event, reason } of dead) {
      const { token } = JSON.parse(event.data ?? '{}') as Said
      this.#site.recorder.detour({ subscription: name, message: token, reason })
    }
    const positions = dead.map(({ position }) => position)
    if (positions.length === 0) return
    this.#note(`redrives ${positions.join(' ')} of ${name}`)
    await console.deadLetters.redrive(name, positions)
  }

  #do(action: (console: Admin, store: Store) => Promise<void>, failed: () => void = () => {}): void {
    const { scheduler, violate } = this.#site.world
    scheduler.soon(this.#process, () => {
      this.#connect()
        .then(({ console, store }) => action(console, store))
        .catch((error: unknown) => {
          if (isMillraceError(error) && tolerable.has(error.code)) this.#note(String(error))
          else violate(`the operator met ${String(error)}`)
          failed()
        })
    })
  }

  async #connect(): Promise<{ readonly console: Admin; readonly store: Store }> {
    if (this.#connected !== undefined) return this.#connected
    const { scheduler, newId } = this.#site.world
    const engine = this.#site.host.engineFor(this.#process)
    const { store } = await engine.open(environmentOf(scheduler, this.#process, newId))
    this.#connected = { console: admin(store), store }
    return this.#connected
  }

  #note(what: string): void {
    this.#site.world.scheduler.trace.note(this.#process.name, what)
  }
}
