import type { SqlStatement, SqlValue } from 'millrace/engine'
import { expect } from 'vitest'
import type { Promised, StoreFixture } from './fixture.ts'
import { range, readAll, refused } from './reading.ts'

/** How the engine's SQL writes the n-th parameter, counted from 1. */
export type Placeholder = (n: number) => string

/** The caller's own tables, in the same commit. Skipped for engines that speak no SQL. */
export function sqlPromises(promised: Promised, placeholder: Placeholder): void {
  const statement = (text: string, ...parameters: SqlValue[]): SqlStatement => {
    let n = 0
    return { text: text.replaceAll('?', () => placeholder(++n)), parameters }
  }
  const insert = (id: number, note: SqlValue = null) => statement('INSERT INTO mine (id, note) VALUES (?, ?)', id, note)
  const withTable = (title: string, body: (fixture: StoreFixture, rows: () => Promise<number[]>) => Promise<void>) =>
    promised(title, async (fixture) => {
      fixture.needs(fixture.store.capabilities.sql, 'SQL')
      await fixture.store.commit({ sql: [statement('CREATE TABLE mine (id INTEGER PRIMARY KEY, note TEXT)')] })
      await body(fixture, async () =>
        (await fixture.store.query(statement('SELECT id FROM mine ORDER BY id'))).map(({ id }) => Number(id)),
      )
    })

  withTable('statements are done in order, in the commit of the unit', async ({ store, event }, rows) => {
    await store.commit({
      append: [{ event: event('t') }],
      sql: [insert(1, 'one'), insert(2), statement('UPDATE mine SET note = ? WHERE id = ?', '😀', 2)],
    })
    expect(await rows()).toEqual([1, 2])
    expect(await store.query(statement('SELECT note FROM mine WHERE id = ?', 2))).toEqual([{ note: '😀' }])
    expect(await readAll(store)).toHaveLength(1)
  })

  withTable('a statement that fails undoes the unit, and is named', async ({ store, event }, rows) => {
    await store.commit({ sql: [insert(1)] })
    const results = await Promise.allSettled([
      store.commit({ sql: [insert(2)] }),
      store.commit({ append: [{ event: event('t') }], sql: [insert(3), insert(1), insert(4)] }),
      store.commit({ sql: [insert(5)] }),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(await rows()).toEqual([1, 2, 5])
    expect(await readAll(store)).toEqual([])
    const fields = await refused('SQL_FAILED', store.commit({ sql: [insert(1)] }))
    expect(fields.statement).toContain('INSERT INTO mine')
    expect(fields.reason).not.toBe('')
    await refused('SQL_FAILED', store.commit({ sql: [statement('SELEC 1')] }))
    await refused('SQL_FAILED', store.commit({ sql: [statement('INSERT INTO none_such VALUES (1)')] }))
  })

  withTable('statements of a unit that is refused for another reason are undone', async ({ store }, rows) => {
    await refused('TIMER_GONE', store.commit({ sql: [insert(1)], timers: [{ kind: 'remove', id: 'none' }] }))
    await refused(
      'VERSION_CONFLICT',
      store.commit({ sql: [insert(2)], documents: [{ collection: 'c', key: 'k', value: '1', expected: 5 }] }),
    )
    expect(await rows()).toEqual([])
  })

  for (const text of ['COMMIT', 'ROLLBACK', 'END', 'BEGIN', 'commit; begin', '/* note */ COMMIT', 'SAVEPOINT x']) {
    withTable(`a statement cannot take the transaction into its hands: ${text}`, async ({ store, event }, rows) => {
      const results = await Promise.allSettled([
        store.commit({ sql: [insert(1)] }),
        store.commit({ append: [{ event: event('t') }], sql: [insert(2), statement(text), insert(1)] }),
        store.commit({ sql: [insert(3)] }),
      ])
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
      expect(await rows()).toEqual([1, 3])
      expect(await readAll(store)).toEqual([])
      await store.commit({ sql: [insert(4)], append: [{ event: event('t') }] })
      expect(await rows()).toEqual([1, 3, 4])
    })
  }

  withTable('values come back as they were, also whole numbers of 64 bits', async ({ store }) => {
    const big = [2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n, 0n]
    await store.commit({
      sql: [
        statement('CREATE TABLE numbers (n BIGINT)'),
        ...big.map((n) => statement('INSERT INTO numbers VALUES (?)', n)),
      ],
    })
    const rows = await store.query(statement('SELECT n FROM numbers ORDER BY n'))
    expect(rows.map(({ n }) => BigInt(n as bigint))).toEqual(big.toSorted((a, b) => (a < b ? -1 : 1)))
    const text = 'line\nbreak \'quotes" ? $1 😀'
    await store.commit({ sql: [insert(1, text), insert(2, null), insert(3, '')] })
    expect((await store.query(statement('SELECT note FROM mine ORDER BY id'))).map(({ note }) => note)).toEqual([
      text,
      null,
      '',
    ])
  })

  withTable('what is no value of SQL is refused, not written as something else', async ({ store }, rows) => {
    for (const wrong of [{}, { id: 1 }, [1], new Date(0), undefined, true, Symbol('s'), () => 1]) {
      const insertWrong = statement('INSERT INTO mine (note) VALUES (?)', wrong as never)
      await refused('SQL_FAILED', store.commit({ sql: [insertWrong] }))
      await refused('SQL_FAILED', store.query(statement('SELECT * FROM mine WHERE id = ?', wrong as never)))
    }
    expect(await rows()).toEqual([])
    await refused('SQL_FAILED', store.commit({ sql: [statement('INSERT INTO mine (id) VALUES (?)', 1, 2)] }))
    expect(await rows()).toEqual([])
  })

  withTable('a query reads what was committed, and changes nothing', async ({ store }, rows) => {
    await store.commit({ sql: range(1, 50).map((id) => insert(id)) })
    expect(await store.query(statement('SELECT count(*) AS n FROM mine WHERE id > ?', 20))).toEqual([{ n: 30 }])
    await refused('SQL_FAILED', store.query(statement('SELECT * FROM none_such')))
    await store.query(insert(51)).catch(() => [])
    expect(await rows()).toHaveLength(50)
  })

  withTable('the caller’s rows outlive the engine', async (fixture, rows) => {
    await fixture.store.commit({ sql: [insert(1)] })
    await fixture.reopen()
    expect(await rows()).toEqual([1])
  })
}
