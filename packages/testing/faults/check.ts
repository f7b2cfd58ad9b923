import { DatabaseSync } from 'node:sqlite'

/** What a history must not show, in the words of the field. */
export interface Verdict {
  /** Acknowledged to the publisher, and not in the log. */
  readonly lost: number
  /** In the log, and without its effect. */
  readonly unhandled: number
  /** Effects beyond the first of one event. */
  readonly duplicated: number
  /** Effects of one key in another order than that of the log. */
  readonly reordered: number
}

/** Compares what was acknowledged with what the store holds at the end. */
export function check(path: string, acknowledged: ReadonlySet<number>, count: number): Verdict {
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    const numbers = (sql: string): number[] =>
      database
        .prepare(sql)
        .all()
        .map((row) => Number(row.number))
    const logged = new Set(
      numbers(`SELECT CAST(substr(id, 7) AS INTEGER) AS number FROM millrace_event WHERE id LIKE 'event-%'`),
    )
    const effects = database.prepare('SELECT number, key FROM effect ORDER BY sequence').all()
    const audited = numbers('SELECT number FROM audited ORDER BY sequence')
    const newest = new Map<string, number>()
    let reordered = 0
    for (const { number, key } of effects) {
      if (Number(number) < (newest.get(String(key)) ?? -1)) reordered++
      newest.set(String(key), Number(number))
    }
    const handled = new Set(effects.map(({ number }) => Number(number)))
    return {
      lost: [...acknowledged].filter((number) => !logged.has(number)).length,
      unhandled: count - handled.size + (count - new Set(audited).size),
      duplicated: effects.length - handled.size + (audited.length - new Set(audited).size),
      reordered,
    }
  } finally {
    database.close()
  }
}
