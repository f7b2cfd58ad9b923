import { statSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import type { StoreState, SubscriptionState, SubscriptionStatus, TopicState } from '../../store/index.ts'
import { leaseOf } from '../tables/leases.ts'
import { Rows } from '../tables/rows.ts'
import { LagCounter, type Read } from './lag.ts'
import type { TopicFilters } from './topic-filter.ts'

type SubscriptionRow = readonly [
  name: string,
  topics: string,
  floor: number,
  ranges: string,
  paused: string | null,
  settled: string,
]

/** How many documents are counted between two turns of the event loop. */
const countedRows = 20_000

/** The state of everything an operator asks about. */
export class Inspector {
  readonly #database: DatabaseSync
  readonly #lag: LagCounter
  readonly #read: Read
  readonly #subscriptions: Rows<SubscriptionRow>
  readonly #subscription: Rows<SubscriptionRow>
  readonly #owner: Rows<readonly [owner: string | null]>
  readonly #kept: Rows<readonly [state: string, count: number]>
  readonly #topics: Rows<
    readonly [name: string, events: number, bytes: number, appended: number, lastMs: number | null, types: string]
  >
  readonly #counters: Rows<readonly [name: string, subject: string, value: number]>
  readonly #collection: Rows<readonly [name: string]>
  readonly #documents: Rows<readonly [count: number, visible: number, last: string | null]>
  readonly #timers: Rows<readonly [count: number]>
  readonly #head: Rows<readonly [head: number | null]>
  readonly #pages: Rows<readonly [bytes: number]>

  constructor(database: DatabaseSync, filters: TopicFilters, read: Read) {
    this.#database = database
    this.#lag = new LagCounter(database, filters, read)
    this.#read = read
    const subscriptions = 'SELECT name, topics, floor, settled_above, paused, settled FROM millrace_subscription'
    this.#subscriptions = new Rows(database, `${subscriptions} ORDER BY name`)
    this.#subscription = new Rows(database, `${subscriptions} WHERE name = ?`)
    this.#owner = new Rows(database, 'SELECT owner FROM millrace_lease WHERE name = ? AND until > ?')
    this.#kept = new Rows(database, 'SELECT state, count(*) FROM millrace_kept WHERE subscription = ? GROUP BY state')
    this.#topics = new Rows(
      database,
      `SELECT name, events, bytes, appended, last_ms,
         (SELECT json_group_array(DISTINCT type) FROM millrace_kind k WHERE k.topic = t.id)
       FROM millrace_topic t ORDER BY name`,
    )
    this.#counters = new Rows(
      database,
      "SELECT name, subject, value FROM millrace_counter WHERE name NOT LIKE '\\_%' ESCAPE '\\' ORDER BY name, subject",
    )
    this.#collection = new Rows(
      database,
      'SELECT collection FROM millrace_document WHERE collection > ? ORDER BY collection LIMIT 1',
    )
    this.#documents = new Rows(
      database,
      `SELECT count(*), total(expires IS NULL OR expires > ?), max(key) FROM (
         SELECT key, expires FROM millrace_document WHERE collection = ? AND key >= ifnull(?3, '') AND (?3 IS NULL OR key > ?3)
         ORDER BY key LIMIT ${countedRows})`,
    )
    this.#timers = new Rows(database, 'SELECT count(*) FROM millrace_timer')
    this.#head = new Rows(database, 'SELECT max(position) FROM millrace_event')
    this.#pages = new Rows(database, 'SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()')
  }

  async status(name: string, lagLimit: number): Promise<SubscriptionStatus | undefined> {
    const found = await this.#read(() => ({ row: this.#subscription.first(name), head: this.#headNow() }))
    if (found.row === undefined) return undefined
    const [, topicsText, floor, ranges, paused] = found.row
    const topics = JSON.parse(topicsText)
    const { events: lag } = await this.#lag.of({ name, topics, floor, ranges }, found.head, lagLimit)
    const kept = await this.#read(() => this.#keptOf(name))
    return { name, topics, floor, lag, paused, pending: kept.parked + kept.waiting }
  }

  async state(nowMs: number): Promise<StoreState> {
    const { head, rows, topics, timers, counters, bytes } = await this.#read(() => ({
      head: this.#headNow(),
      rows: this.#subscriptions.all(),
      topics: this.#topics.all().map(
        ([name, events, size, appended, lastMs, types]): TopicState => ({
          name,
          events,
          bytes: size,
          appended,
          types: JSON.parse(types),
          lastMs,
        }),
      ),
      timers: this.#timers.first()![0],
      counters: this.#counters.all().map(([name, subject, value]) => ({ name, subject, value })),
      bytes: this.#bytes(),
    }))
    const subscriptions: SubscriptionState[] = []
    for (const row of rows) subscriptions.push(await this.#stateOf(row, head, nowMs))
    return { head, topics, subscriptions, timers, documents: await this.#countDocuments(nowMs), counters, bytes }
  }

  async #stateOf(row: SubscriptionRow, head: number, nowMs: number): Promise<SubscriptionState> {
    const [name, topicsText, floor, ranges, paused, settled] = row
    const topics = JSON.parse(topicsText)
    const { events: lag, oldestMs } = await this.#lag.of({ name, topics, floor, ranges }, head, Number.MAX_SAFE_INTEGER)
    const { owner, ...kept } = await this.#read(() => ({
      owner: this.#owner.first(leaseOf(name), nowMs)?.[0] ?? null,
      ...this.#keptOf(name),
    }))
    const lagMs = oldestMs === undefined ? 0 : Math.max(0, nowMs - oldestMs)
    return { name, topics, floor, lag, lagMs, paused, owner, ...kept, settled: JSON.parse(settled) }
  }

  /** Under trial is parked, too: it is tried because it failed before, or its process died. */
  #keptOf(name: string): { parked: number; waiting: number; dead: number } {
    const counts = Object.fromEntries(this.#kept.all(name))
    return {
      parked: (counts.parked ?? 0) + (counts.trying ?? 0),
      waiting: counts.waiting ?? 0,
      dead: counts.dead ?? 0,
    }
  }

  async #countDocuments(nowMs: number): Promise<Record<string, number>> {
    const documents: Record<string, number> = {}
    for (let last = ''; ; ) {
      const collection = (await this.#read(() => this.#collection.first(last)))?.[0]
      if (collection === undefined) return documents
      const count = await this.#countCollection(collection, nowMs)
      if (count > 0) documents[collection] = count
      last = collection
    }
  }

  async #countCollection(collection: string, nowMs: number): Promise<number> {
    let count = 0
    let after: string | null = null
    const page = () => this.#documents.first(nowMs, collection, after)!
    for (;;) {
      const [rows, visible, last] = await this.#read(page)
      count += visible
      if (rows < countedRows) return count
      after = last
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  #headNow(): number {
    return this.#head.first()?.[0] ?? 0
  }

  #bytes(): number {
    const file = this.#database.location()
    if (file === null) return this.#pages.first()![0]
    const sizes = [file, `${file}-wal`].map((path) => statSync(path, { throwIfNoEntry: false })?.size ?? 0)
    return sizes[0]! + sizes[1]!
  }
}
