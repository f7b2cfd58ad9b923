import type { order } from '../../src/order.ts'

/** `safe` syncs before it confirms; `fast` is the usual quicker setting. */
export type Durability = 'safe' | 'fast'

/** The event that everything is measured with. */
export type Order = ReturnType<typeof order>

/** What one process of a measurement works with. */
export interface Target {
  /** Of the server; empty where there is none. */
  readonly address: string
  /** On the same disk as the server's files, empty. */
  readonly folder: string
  readonly durability: Durability
  /** What is known of the server's settings, for protocols that do not tell. */
  readonly settings: string
  /** A short name that nobody else uses: of this measurement's queue, topic, database or file. */
  readonly scope: string
  /** Peers that have to choose between throughput and latency may choose by this. */
  readonly purpose: 'throughput' | 'latency'
  /** Given when this process handles: called once for each event, which is acknowledged when it returns. */
  readonly handler?: (order: Order) => void
}

/** A peer that is connected. */
export interface Session extends AsyncDisposable {
  /** What makes an event durable here, read back from the server where it tells. */
  readonly durability: string
  /** The version of the server, or of the engine inside the process. */
  readonly server: string
  /** Resolves when the event is as durable as `durability` says. */
  publish(order: Order): Promise<unknown>
  publishBatch(orders: readonly Order[]): Promise<unknown>
  /** Resolves when that many events are handled and the other side knows it. Only with a handler. */
  settled(count: number): Promise<unknown>
  /** Appends to a stream that has `revision` events, or fails. Only of peers that have streams. */
  append?(stream: string, revision: number, orders: readonly Order[]): Promise<unknown>
}

/** How a peer is driven: what gave the best figures, within what its documentation says. */
export interface Load {
  readonly callsInFlight: number
  readonly batchSize: number
  readonly batchesInFlight: number
  /** Appends to streams at any time, of one event and of a hundred. */
  readonly appendsInFlight?: { readonly one: number; readonly hundred: number }
}

/** One system that is measured. One file each, all of this shape. */
export interface Peer {
  readonly name: string
  /** The server that it needs, by its name in `scripts/engines`. */
  readonly engine?: string
  /** npm packages whose versions are told. */
  readonly packages: readonly string[]
  /** The settings worth comparing: both where speed and safety differ. */
  readonly durabilities: readonly Durability[]
  readonly load: Load
  /** How it is used, and why, in a sentence or two. */
  readonly notes: string
  /** Connects, and makes the queue, topic or store if it is not there. With a handler it begins to handle. */
  open(target: Target): Promise<Session>
  /** Removes what the measurement has left on the server. */
  clear?(target: Target): Promise<void>
}
