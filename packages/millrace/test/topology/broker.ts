import { type FaultyTransport, faultyTransport, type SimulatedClock, simulatedClock } from '@millrace/testing'
import { type ApplicationConfig, defineEvent, service } from 'millrace'
import type { EncodedEvent, TransportCapabilities } from 'millrace/engine'
import { z } from 'zod'
import { type Started, start } from '../app/setup.ts'

export const Placed = defineEvent('shop.placed', {
  schema: z.object({ n: z.number(), by: z.string().optional() }),
  topic: 'shop.orders',
  key: ({ n }) => `key-${n % 3}`,
})
export const Paid = defineEvent('shop.paid', { schema: z.object({ n: z.number() }), topic: 'shop.payments' })
export const Noted = defineEvent('office.noted', { schema: z.object({ n: z.number() }) })

interface NodeConfig extends Omit<Partial<ApplicationConfig>, 'clock'> {
  /** Of the store; default: in memory. */
  readonly path?: string
}

export interface Shared {
  readonly clock: SimulatedClock
  readonly broker: FaultyTransport
  /** Starts an application with a store of its own, connected to the broker as `broker`. */
  readonly node: (config: NodeConfig) => Promise<Started>
}

/** Several applications on one clock, each with a store of its own, and a broker between them. */
export function shared(
  options: {
    readonly capabilities?: Partial<TransportCapabilities>
    readonly random?: () => number
    readonly refuses?: (event: EncodedEvent) => boolean
  } = {},
): Shared {
  const clock = simulatedClock()
  const broker = faultyTransport({ clock, random: () => 0.5, ...options })
  const node: Shared['node'] = (config) =>
    start({ clock, transports: { broker: broker.engine }, contracts: [Placed, Paid, Noted], ...config })
  return { clock, broker, node }
}

/** Random numbers that are the same in every run (the minimal standard generator, Park and Miller 1988). */
export function repeatable(): () => number {
  let state = 1
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}

/** A service that collects what it handles of a topic. */
export function collecting(topics: string, into: unknown[]) {
  return service('collector').on(topics, ({ data }) => {
    into.push(data)
  })
}
