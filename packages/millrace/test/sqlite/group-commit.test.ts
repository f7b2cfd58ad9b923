import { renameSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { eventually, simulatedClock } from '@millrace/testing'
import { expect, test } from 'vitest'
import { isMillraceError, type Logger, silentLogger } from '../../src/base/index.ts'
import type { Unit } from '../../src/store/index.ts'
import { event, newPath, openEngine, subscribed } from './engine.ts'

const append = (id: string): Unit => ({ append: [{ event: event('t', { id }) }] })

const codeOf = (error: unknown): unknown => (isMillraceError(error) ? error.code : error)

test('units that come together share one transaction, each with its own answer', async () => {
  const path = newPath()
  const { store } = await openEngine({ path })
  await store.commit({ documents: [{ collection: 'c', key: 'k', value: '1' }] })
  const witness = new DatabaseSync(path)
  const versions = new Set<unknown>()
  const version = () => versions.add(witness.prepare('PRAGMA data_version').get()?.data_version)
  version()
  const answers = await Promise.allSettled([
    store.commit(append('a')),
    store.commit({ ...append('b'), documents: [{ collection: 'c', key: 'k', value: '2', expected: 7 }] }),
    store.commit({ documents: [{ collection: 'c', key: 'k', value: '3', expected: 1 }] }),
    store.commit({ subscriptions: [{ kind: 'pause', name: 'none', reason: '' }] }),
    store.commit(append('c')),
  ])
  version()
  witness.close()
  expect(answers.map((answer) => (answer.status === 'fulfilled' ? 'done' : codeOf(answer.reason)))).toEqual([
    'done',
    'VERSION_CONFLICT',
    'done',
    'SUBSCRIPTION_UNKNOWN',
    'done',
  ])
  expect(versions.size).toBe(2)
  const { records } = await store.readLog({ after: 0, limit: 9 })
  expect(records.map((record) => record.event.id)).toEqual(['a', 'c'])
})

test('the callers are told in the order of their units, and the listeners after them, once', async () => {
  const { store } = await openEngine()
  const told: string[] = []
  store.onCommit(({ head }) => told.push(`commit to ${head}`))
  const commits = ['a', 'b', 'c'].map((id) => store.commit(append(id)).then(() => told.push(id)))
  await Promise.all(commits)
  await eventually(() => told.length === 4)
  expect(told).toEqual(['a', 'b', 'c', 'commit to 3'])
})

test('what does not fit into one transaction goes on in the next turn of the event loop', async () => {
  const { store } = await openEngine()
  let commits = 0
  store.onCommit(() => commits++)
  const data = 'x'.repeat(300_000)
  const done = Array.from({ length: 20 }, () => store.commit({ append: [{ event: event('t', { data }) }] }))
  let turns = 0
  const count = () => {
    turns++
    if (commits < 7) setImmediate(count)
  }
  count()
  await Promise.all(done)
  await eventually(() => commits === 7)
  expect(turns, 'three of them fit into one MiB').toBeGreaterThanOrEqual(7)
})

test('a unit that cannot be written takes no other with it', async () => {
  const { store } = await openEngine()
  const wrong = { append: [{ event: event('t', { id: 'wrong', timeMs: Number.NaN }) }] }
  const undefinable = { append: [{ event: event('t', { id: undefined as unknown as string }) }] }
  const uncountable = { ...append('uncountable'), counts: [{ name: 'n', subject: 's', by: Number.NaN }] }
  const units = [append('a'), wrong, append('b'), undefinable, uncountable, append('c')]
  const answers = await Promise.allSettled(units.map((unit) => store.commit(unit)))
  expect(answers.map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'fulfilled',
    'rejected',
    'rejected',
    'fulfilled',
  ])
  const { records } = await store.readLog({ after: 0, limit: 9 })
  expect(records.map(({ position, event: { id } }) => [position, id])).toEqual([
    [1, 'a'],
    [2, 'b'],
    [3, 'c'],
  ])
})

test('a statement that ends the transaction takes no other unit with it', async () => {
  const { store } = await openEngine()
  const sql = (text: string): Unit => ({ sql: [{ text, parameters: [] }] })
  await store.commit(sql('CREATE TABLE own (n INTEGER PRIMARY KEY)'))
  const units = [
    append('a'),
    sql('INSERT INTO own VALUES (1)'),
    { ...append('refused'), ...sql('INSERT OR ROLLBACK INTO own VALUES (1)') },
    append('b'),
    sql('COMMIT'),
    append('c'),
  ]
  const answers = await Promise.allSettled(units.map((unit) => store.commit(unit)))
  expect(answers.map((answer) => (answer.status === 'fulfilled' ? 'done' : codeOf(answer.reason)))).toEqual([
    'done',
    'done',
    'SQL_FAILED',
    'done',
    'SQL_FAILED',
    'done',
  ])
  expect(await store.query({ text: 'SELECT n FROM own', parameters: [] })).toEqual([{ n: 1 }])
  const { records } = await store.readLog({ after: 0, limit: 9 })
  expect(records.map((record) => record.event.id)).toEqual(['a', 'b', 'c'])
})

test.each([
  'DELETE FROM millrace_event',
  'UPDATE Millrace_Lease SET epoch = 0',
  'DROP TABLE millrace_kept',
  'CREATE INDEX mine ON millrace_event (id)',
  'CREATE TRIGGER mine AFTER INSERT ON millrace_event BEGIN SELECT 1; END',
  'ALTER TABLE millrace_event ADD COLUMN mine',
  'PRAGMA synchronous = OFF',
  'PRAGMA journal_mode = DELETE',
  "ATTACH 'other.db' AS other",
  'SAVEPOINT mine',
  'ROLLBACK',
  'SELECT 1; DELETE FROM own',
])('the caller’s SQL may not do this to the store: %s', async (text) => {
  const { store } = await openEngine()
  await expect(store.commit({ ...append('a'), sql: [{ text, parameters: [] }] })).rejects.toMatchObject({
    code: 'SQL_FAILED',
  })
  await expect(store.query({ text, parameters: [] })).rejects.toMatchObject({ code: 'SQL_FAILED' })
  expect((await store.inspect()).head).toBe(0)
})

test('while another process holds the lock the event loop is free; then the commit is made or refused', async () => {
  const path = newPath()
  const clock = simulatedClock()
  const { store } = await openEngine({ path, clock, busyTimeoutMs: 1_000 })
  const other = new DatabaseSync(path)
  other.exec('BEGIN IMMEDIATE')
  const refused = store.commit(append('refused')).catch(codeOf)
  await clock.advance(600)
  const late = store.commit(append('late'))
  await clock.advance(600)
  expect(await refused).toBe('STORE_BUSY')
  other.exec('ROLLBACK')
  other.close()
  await clock.advance(100)
  await late
  const { records } = await store.readLog({ after: 0, limit: 9 })
  expect(records.map((record) => record.event.id)).toEqual(['late'])
})

test('a store that is closed while it waits for the lock still commits what it took', async () => {
  const path = newPath()
  const clock = simulatedClock()
  const { store } = await openEngine({ path, clock })
  const other = new DatabaseSync(path)
  other.exec('BEGIN IMMEDIATE')
  const commit = store.commit(append('a'))
  await clock.advance(50)
  const closed = store.close()
  await expect(store.commit(append('b'))).rejects.toMatchObject({ code: 'STORE_STOPPED' })
  other.exec('ROLLBACK')
  other.close()
  await clock.advance(100)
  await Promise.all([commit, closed])
})

test('more bytes than may wait are refused, and the rest is committed', async () => {
  const { store } = await openEngine({ maxPendingBytes: 10_000 })
  const data = 'x'.repeat(3_000)
  const commits = Array.from({ length: 5 }, () => store.commit({ append: [{ event: event('t', { data }) }] }))
  const answers = await Promise.allSettled(commits)
  expect(answers.map((answer) => (answer.status === 'fulfilled' ? 'done' : codeOf(answer.reason)))).toEqual([
    'done',
    'done',
    'done',
    'STORE_OVERLOADED',
    'STORE_OVERLOADED',
  ])
  await store.commit({ append: [{ event: event('t', { data }) }] })
  expect((await store.inspect()).head).toBe(4)
})

test('a store whose file is taken away stops, says so, and acknowledges nothing more', async () => {
  const path = newPath()
  const logged: string[] = []
  const logger: Logger = { ...silentLogger, error: (message) => logged.push(message) }
  const engine = await openEngine({ path, logger })
  const { store, log } = engine
  const epoch = await subscribed(engine, 's', ['t'])
  const consumer = await log.subscribe({ name: 's', topics: ['t'], epoch, window: 10 }, async () => {})
  const failed = consumer.failed.catch(codeOf)
  await store.commit(append('a'))
  renameSync(path, `${path}.elsewhere`)
  const commits = ['b', 'c'].map((id) => store.commit(append(id)).catch(codeOf))
  expect(await Promise.all(commits)).toEqual(['STORE_STOPPED', 'STORE_STOPPED'])
  expect(await store.commit(append('d')).catch(codeOf)).toBe('STORE_STOPPED')
  expect(await failed).toBe('STORE_STOPPED')
  expect(logged).toHaveLength(1)
  expect(logged[0]).toContain(path)
  renameSync(`${path}.elsewhere`, path)
})
