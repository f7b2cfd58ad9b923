import type { ErrorAction, Event, Handler, HandlerContext, OnError, Service } from 'millrace'
import { service } from 'millrace'
import type { HistorySubscription } from '../../src/history/index.ts'
import type { Profile } from '../profile.ts'
import { type Behaviour, behaviourOf, retryOf, Trouble } from './behaviour.ts'
import { Charge, counters, Entered, Handled, Noted, Ordered, type Said, watched } from './contracts.ts'

/** Where handlers run. */
export interface Place {
  sleep(ms: number): Promise<void>
  note(what: string): void
  /** A handler of the service begins. */
  begins(service: string): void
  /** A text that is never given again. */
  newText(): string
  /** The process dies, now. */
  die(): void
  /** From now on everything goes well. */
  isHealed(): boolean
}

/** What a handler leaves behind in the unit with its acknowledgement. */
export interface Left {
  readonly publishes?: readonly { readonly token: string; readonly key: string | null }[]
  readonly counted?: { readonly counter: string; readonly value: number }
  readonly value?: string
}

type Act = (event: Event<Said>, context: HandlerContext) => Left | Promise<Left>

const actions: Readonly<Partial<Record<Behaviour['failing'], ErrorAction>>> = {
  'is fatal': 'dead-letter',
  'is held': 'hold',
  pauses: 'pause',
  'pauses for a while': { action: 'pause', probeAfterMs: 80 },
}

const onError: OnError = (error) => (error instanceof Trouble ? actions[error.failing] : undefined)

/** What each service promises. */
export function subscriptionsOf({ dispatch }: Profile): readonly HistorySubscription[] {
  const orders = { serial: 'all', keyed: 'key', concurrent: 'none' } as const
  const mayDrop = ['sim.notes']
  return [
    { name: 'worker', topics: ['sim.orders', 'sim.entries'], mayDrop, order: orders[dispatch] },
    { name: 'auditor', topics: ['sim.handled', 'sim.orders'], order: 'all' },
    { name: 'teller', topics: ['sim.charges'], order: 'key' },
    { name: 'watcher', topics: ['sim.orders', 'sim.handled', 'sim.entries', 'sim.charges'], mayDrop, order: 'none' },
  ]
}

/** The services of the application, as one process runs them. */
export function servicesOf(profile: Profile, place: Place): readonly Service[] {
  const { seed, leaseMs, window, concurrency, poisonAfterDeaths, timeoutMs, maxLag } = profile
  const shared = { leaseMs, window, concurrency, poisonAfterDeaths, whenHeld: 'wait' } as const
  const options = (name: string) => ({ retry: retryOf(seed, name), onError, timeoutMs })
  const handler = (name: string, act: Act): Handler<Said> => handling(profile, place, name, act)
  const watch = handler('watcher', nothingMore)
  return [
    service('worker', { ...shared, dispatch: profile.dispatch, ...(maxLag !== undefined && { maxLag }) })
      .on(Ordered, handler('worker', countingWorker), options('worker'))
      .on(Entered, handler('worker', worker), options('worker'))
      .on(Noted, handler('worker', nothingMore), { ...options('worker'), filter: ({ data }) => data.key !== 'k1' }),
    service('auditor', { ...shared, dispatch: 'serial' })
      .on(Handled, handler('auditor', nothingMore), options('auditor'))
      .on(Ordered, handler('auditor', nothingMore), options('auditor')),
    service('teller', shared).handle(
      Charge,
      async (event, context) => {
        // Each attempt has an answer of its own: only that of the one that was committed may be told.
        const value = place.newText()
        await handler('teller', () => ({ value }))(event, context)
        return value
      },
      options('teller'),
    ),
    service('watcher', { ...shared, dispatch: 'concurrent' }).on(
      'sim.**',
      (event, context) => watch(event as Event<Said>, context),
      options('watcher'),
    ),
  ]
}

const nothingMore: Act = () => ({})

const worker: Act = ({ data: { token, key } }, { publish }) => {
  const published = { token: `${token}.handled`, key }
  publish(Handled, published)
  return { publishes: [published] }
}

/** Some keys are counted, by reading and writing; others are not, so that their handlers may end at once. */
const countingWorker: Act = (event, context) => {
  const { key } = event.data
  const left = worker(event, context) as Left
  if (key === null || Number(key.slice(1)) % 2 === 0) return left
  return counting(key, context, left)
}

async function counting(counter: string, { documents }: HandlerContext, left: Left): Promise<Left> {
  const value = ((await documents.get(counters, counter)) ?? 0) + 1
  documents.put(counters, counter, value)
  return { ...left, counted: { counter, value } }
}

const insertion = 'INSERT INTO effect (subscription, message, position, noted) VALUES (?, ?, ?, ?)'

/** Makes the handler that goes as its behaviour says and leaves an effect behind. */
function handling(profile: Profile, place: Place, name: string, act: Act): Handler<Said> {
  return (event, context) => {
    const { token } = event.data
    const behaviour = behaviourOf(profile, name, token)
    const fails = !place.isHealed() && context.attempt <= behaviour.failures
    const kills = !place.isHealed() && behaviour.kills
    const how = kills ? 'kills' : fails ? behaviour.failing : behaviour.succeeding
    place.begins(name)
    place.note(`${name} handles ${token} at ${context.position}, attempt ${context.attempt}: ${how}`)
    const leave = (left: Left): void => {
      if (name === 'watcher' && profile.repeats) context.documents.put(watched, token, context.position)
      else context.sql(insertion, name, token, context.position, JSON.stringify(left))
    }
    const succeed = (): void | Promise<void> => {
      const left = act(event, context)
      return left instanceof Promise ? left.then(leave) : leave(left)
    }
    if (kills) place.die()
    if (!fails && how === 'at once') return succeed()
    if (how === 'throws' || how === 'is fatal') throw new Trouble(behaviour.failing)
    if (fails) return fail(behaviour, place, context)
    const takesMs = place.isHealed() ? Math.min(behaviour.takesMs, profile.timeoutMs / 4) : behaviour.takesMs
    return late({ ...behaviour, takesMs }, place).then(succeed)
  }
}

async function late({ succeeding, takesMs }: Behaviour, place: Place): Promise<void> {
  if (succeeding === 'in a turn') await new Promise<void>((resolve) => setImmediate(resolve))
  else if (succeeding === 'after a while') await place.sleep(takesMs)
}

async function fail({ failing, takesMs }: Behaviour, place: Place, { signal }: HandlerContext): Promise<void> {
  if (failing === 'stays') {
    // It heeds nothing: it goes on after its time, and ends well when nobody waits for it any more.
    await place.sleep(3_000)
    return
  }
  if (failing === 'hangs') {
    await new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason))
    })
  }
  await place.sleep(takesMs)
  throw new Trouble(failing)
}
