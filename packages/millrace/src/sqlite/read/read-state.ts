import type { DatabaseSync } from 'node:sqlite'
import type {
  DocumentQuery,
  KeptQuery,
  StoredDelivery,
  StoredDocument,
  StoredTimer,
  TimerQuery,
} from '../../store/index.ts'
import { type EventRow, eventOf } from '../tables/event-row.ts'
import type { KeptState } from '../tables/kept.ts'
import type { Kinds } from '../tables/kinds.ts'
import { Rows } from '../tables/rows.ts'

const eventColumns = 'kind, time, id, key, expires, attributes, data'

type DocumentRow = readonly [key: string, value: string, version: number]
type TimerRow = readonly [timer: string, due: number, ...event: EventRow]
type KeptRow = readonly [
  position: number,
  state: KeptState,
  orderKey: string | null,
  due: number | null,
  attempts: number,
  deaths: number,
  reason: StoredDelivery['reason'],
  history: string,
  kept: number,
  ...event: EventRow,
]

/** Reads documents, timers and kept deliveries. */
export class StateReader {
  readonly #kinds: Kinds
  readonly #document: Rows<DocumentRow>
  readonly #documents: Rows<DocumentRow>
  readonly #timers: Rows<TimerRow>
  readonly #kept: Readonly<Record<KeptQuery['state'], Rows<KeptRow>>>

  constructor(database: DatabaseSync, kinds: Kinds) {
    this.#kinds = kinds
    const documents = 'SELECT key, value, version FROM millrace_document WHERE collection = ?1'
    const alive = '(expires IS NULL OR expires > ?2)'
    this.#document = new Rows(database, `${documents} AND key = ?3 AND ${alive}`)
    // A blob is greater than every text, and so is a bound that the index can use.
    this.#documents = new Rows(
      database,
      `${documents} AND key >= max(ifnull(?3, ''), ?4) AND (?3 IS NULL OR key > ?3) AND key < ifnull(?5, x'')
         AND ${alive} ORDER BY key LIMIT ?6`,
    )
    this.#timers = new Rows(
      database,
      `SELECT id, due, kind, time, event, key, expires, attributes, data FROM millrace_timer
       WHERE due <= ? ORDER BY due, id LIMIT ?`,
    )
    const kept = (from: string, where: string, order: string) =>
      new Rows<KeptRow>(
        database,
        `SELECT position, state, order_key, due, attempts, deaths, reason, history, kept, ${eventColumns}
         FROM ${from}
         WHERE subscription = ?1 AND position > ?2 AND (?3 IS NULL OR order_key = ?3) AND ${where}
         ORDER BY ${order} LIMIT ?4`,
      )
    this.#kept = {
      due: kept('millrace_kept', "state IN ('parked', 'trying') AND due <= ?5", 'due, position'),
      pending: kept('millrace_kept', "state <> 'dead' AND (?5 IS NULL OR due <= ?5)", 'position'),
      dead: kept('millrace_kept INDEXED BY millrace_kept_state', "state = 'dead' AND ?5 IS ?5", 'position'),
    }
  }

  document(collection: string, key: string, nowMs: number): StoredDocument | undefined {
    const row = this.#document.first(collection, nowMs, key)
    return row && documentOf(row)
  }

  documents({ collection, prefix = '', after, limit }: DocumentQuery, nowMs: number): readonly StoredDocument[] {
    const rows = this.#documents.all(collection, nowMs, after ?? null, prefix, endOf(prefix), limit)
    return rows.map(documentOf)
  }

  timers({ dueBeforeMs, limit }: TimerQuery): readonly StoredTimer[] {
    const rows = this.#timers.all(dueBeforeMs ?? Number.MAX_SAFE_INTEGER, limit)
    return rows.map(([id, dueMs, ...event]) => ({ id, dueMs, event: eventOf(this.#kinds, event) }))
  }

  /** Those that are due in the order in which they are, the others in the order of the log. */
  kept(query: KeptQuery, nowMs: number): readonly StoredDelivery[] {
    const { subscription, state, after = -1, key = null, limit } = query
    const dueBeforeMs = query.dueBeforeMs ?? (state === 'due' ? nowMs : null)
    const rows = this.#kept[state].all(subscription, after, key, limit, dueBeforeMs)
    return rows.map(([position, stands, orderKey, dueMs, attempts, deaths, reason, history, keptMs, ...event]) => ({
      subscription,
      position,
      state: stands,
      orderKey,
      dueMs,
      attempts,
      deaths,
      reason,
      history: JSON.parse(history),
      keptMs,
      event: eventOf(this.#kinds, event),
    }))
  }
}

const documentOf = ([key, value, version]: DocumentRow): StoredDocument => ({ key, value, version })

/** The first text, by code points, that is after all those that begin with the prefix; null: there is none. */
function endOf(prefix: string): string | null {
  const points = Array.from(prefix, (character) => character.codePointAt(0)!)
  while (points.length > 0) {
    const last = points.pop()!
    if (last === 0x10ffff) continue
    // Surrogates are no characters.
    points.push(last === 0xd7ff ? 0xe000 : last + 1)
    return String.fromCodePoint(...points)
  }
  return null
}
