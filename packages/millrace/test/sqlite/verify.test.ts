import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { checks, findingsOf } from '../../src/sqlite/verify/checks.ts'
import { type Finding, type VerifyProgress, verifyStore } from '../../src/sqlite/verify/verify.ts'
import { contents, temporaryFolder } from './folder.ts'
import { startProcess } from './process.ts'
import { makeSample } from './sample.ts'

/** A store at rest, after `sql` was run on it behind Millrace's back. */
async function altered(sql: string, events?: number): Promise<string> {
  const path = join(temporaryFolder(), 'shop.db')
  const made = await makeSample(path, events)
  made.close()
  const database = new DatabaseSync(path, { defensive: false })
  database.exec(sql)
  database.close()
  return path
}

/** What `verifyStore` finds, without a thread of its own. */
function findingsIn(path: string): readonly Finding[] {
  const database = new DatabaseSync(path, { readOnly: true })
  const findings = checks.flatMap((check) => findingsOf(check, database, () => {}))
  database.close()
  return findings
}

const problems = (findings: readonly Finding[]): readonly Finding[] => findings.filter(({ ok }) => !ok)

test('a store that is well: one finding for each check', async () => {
  const path = await altered('')
  const { ok, findings } = await verifyStore(path)
  expect(problems(findings)).toEqual([])
  expect(ok).toBe(true)
  expect(findings.map(({ check }) => check)).toEqual(checks.map(({ name }) => name))
  for (const { detail } of findings) expect(detail).not.toBe('')
})

test('a store with nothing in it is well', async () => {
  const path = join(temporaryFolder(), 'shop.db')
  const other = startProcess()
  await other.ask('open', path)
  expect(await verifyStore(path)).toMatchObject({ ok: true })
})

describe('what is wrong is found', () => {
  test.for([
    [
      'events',
      'UPDATE millrace_event SET kind = 9 WHERE position = 7',
      'the event 7 refers to kind 9, which does not exist',
    ],
    ['events', "UPDATE millrace_event SET data = '{' WHERE position = 7", 'the event 7 has data that are not JSON'],
    [
      'events',
      "UPDATE millrace_event SET attributes = 'x' WHERE position = 7",
      'the event 7 has attributes that are no JSON object',
    ],
    [
      'events',
      "UPDATE millrace_event SET attributes = '[]' WHERE position = 7",
      'the event 7 has attributes that are no JSON object',
    ],
    [
      'events',
      'UPDATE millrace_event SET appended = appended - 5 WHERE position = 7',
      'the event 7 was appended before the one',
    ],
    [
      'events',
      'UPDATE millrace_topic SET events = events + 1 WHERE id = 1',
      "the topic 'shop.order' has 300 events of",
    ],
    ['events', 'UPDATE millrace_topic SET bytes = bytes - 1 WHERE id = 2', "the topic 'shop.cart' has 100 events of"],
    ['events', 'DELETE FROM millrace_event WHERE position = 5', "the topic 'shop.order' has 299 events of"],
    ['events', 'UPDATE millrace_topic SET appended = 0 WHERE id = 1', 'but only 0 were ever appended'],
    [
      'events',
      'INSERT INTO millrace_event (position, kind, appended, time, id) VALUES (-3, 1, 1, 0, 1)',
      'begins at position -3',
    ],
    ['kinds', 'UPDATE millrace_kind SET topic = 9 WHERE id = 1', 'kind 1 refers to topic 9'],
    [
      'streams',
      "UPDATE millrace_event SET revision = 99 WHERE stream = 'cart-4' AND revision = 3",
      "the stream 'cart-4' has 50",
    ],
    [
      'streams',
      `UPDATE millrace_event SET revision = -revision WHERE stream = 'cart-4' AND revision IN (3, 4);
       UPDATE millrace_event SET revision = 7 + revision WHERE stream = 'cart-4' AND revision < 0`,
      "the stream 'cart-4' goes back to position 28 at revision 4",
    ],
    [
      'events',
      'UPDATE millrace_event SET revision = NULL WHERE position = 4',
      'the event 4 has a stream or a revision',
    ],
    ['events', 'UPDATE millrace_event SET revision = 0 WHERE position = 3', 'the event 3 has a stream or a revision'],
    ['duplicates', "UPDATE millrace_unique SET id = 'x' WHERE position = 7", "the id 'x' is remembered for event 7"],
    [
      'duplicates',
      "UPDATE millrace_state SET value = 9 WHERE name = 'unique'",
      'millrace_unique has 19 rows, but 9 are counted',
    ],
    [
      'duplicates',
      "DELETE FROM millrace_state WHERE name = 'inbox'",
      'millrace_inbox has 2 rows, but none are counted',
    ],
    [
      'cursors',
      "UPDATE millrace_subscription SET settled_above = 'x'",
      "the subscription 'payments' has the floor 40 and 'x'",
    ],
    ['cursors', 'UPDATE millrace_subscription SET floor = -1', "the subscription 'payments' has the floor -1"],
    [
      'subscriptions',
      "UPDATE millrace_subscription SET topics = '{}'",
      "the subscription 'payments' has topics or counts",
    ],
    [
      'subscriptions',
      "UPDATE millrace_subscription SET settled = ''",
      "the subscription 'payments' has topics or counts",
    ],
    [
      'kept',
      "UPDATE millrace_kept SET subscription = 'x' WHERE position = 1",
      "for the subscription 'x', which does not exist",
    ],
    [
      'kept',
      'DELETE FROM millrace_kept WHERE position = 11',
      "deliveries of the key 'key' wait in the subscription 'payments'",
    ],
    [
      'kept',
      "UPDATE millrace_kept SET state = 'lost' WHERE position = 1",
      "to the subscription 'payments' has the state 'lost'",
    ],
    ['kept', "UPDATE millrace_kept SET history = '{}' WHERE position = 1", 'has a history that is not JSON'],
    ['kept', 'UPDATE millrace_kept SET kind = 9 WHERE position = 1', "to the subscription 'payments' refers to kind 9"],
    ['kept', "UPDATE millrace_kept SET data = 'x' WHERE position = 1", 'has attributes or data that are not JSON'],
    ['kept', 'UPDATE millrace_kept SET order_key = NULL WHERE position = 21', 'waits without a key to wait for'],
    ['leases', 'UPDATE millrace_lease SET epoch = 0', "the lease 'payments' has the epoch 0"],
    [
      'documents',
      "UPDATE millrace_document SET value = 'x'",
      "the document 'o-1' of 'orders' has version 1 and is not JSON",
    ],
    [
      'documents',
      'UPDATE millrace_document SET version = 0',
      "the document 'o-1' of 'orders' has version 0 and is JSON",
    ],
    ['timers', 'UPDATE millrace_timer SET kind = 9', "the timer 'timer' refers to kind 9"],
    [
      'timers',
      "UPDATE millrace_timer SET attributes = '1'",
      "the timer 'timer' has attributes or data that are not JSON",
    ],
    ['schema', 'DROP INDEX millrace_timer_due', "the index 'millrace_timer_due' is missing"],
  ] as const)('%s: %s', async ([check, sql, detail]) => {
    const findings = findingsIn(await altered(sql))
    expect(problems(findings)).toContainEqual({ check, ok: false, detail: expect.stringContaining(detail) })
    // The other checks go on.
    expect(new Set(findings.map((finding) => finding.check))).toEqual(new Set(checks.map(({ name }) => name)))
  })

  test('an index that has lost an entry', async () => {
    const path = await altered('')
    const database = new DatabaseSync(path, { defensive: false })
    const { sql } = database.prepare("SELECT sql FROM sqlite_schema WHERE name = 'millrace_event_stream'").get() as {
      sql: string
    }
    // The index is made over half of the rows, then said to be over all of them.
    database.exec('PRAGMA writable_schema = ON; DROP INDEX millrace_event_stream')
    database.exec(sql.replace('stream IS NOT NULL', 'stream IS NOT NULL AND position > 200'))
    database.prepare("UPDATE sqlite_schema SET sql = ? WHERE name = 'millrace_event_stream'").run(sql)
    database.close()
    const { findings } = await verifyStore(path)
    expect(problems(findings)[0]).toMatchObject({
      check: 'pages',
      detail: expect.stringContaining('missing from index'),
    })
    expect(problems(findings).length).toBeLessThanOrEqual(20)
  })

  test('a damaged page, with what else can still be checked', async () => {
    const path = await altered('')
    const database = new DatabaseSync(path)
    const { pageno } = database
      .prepare(
        "SELECT pageno FROM dbstat WHERE name = 'millrace_event' AND pagetype = 'leaf' ORDER BY path LIMIT 1 OFFSET 3",
      )
      .get() as { pageno: number }
    database.close()
    const bytes = readFileSync(path)
    bytes.fill(0xaa, (pageno - 1) * 4096, pageno * 4096)
    writeFileSync(path, bytes)
    const { ok, findings } = await verifyStore(path)
    expect(ok).toBe(false)
    const failed = new Set(problems(findings).map(({ check }) => check))
    expect(failed).toContain('pages')
    expect(failed).toContain('events')
    expect(failed).not.toContain('documents')
    expect(problems(findings)).toContainEqual({
      check: 'events',
      ok: false,
      detail: 'the check ended early: the file is damaged (SQLITE_CORRUPT)',
    })
  })
})

test('progress rises from 0 towards 1 through all checks', async () => {
  const steps: VerifyProgress[] = []
  await verifyStore(await altered('', 50_000), { onProgress: (progress) => steps.push(progress) })
  const fractions = steps.map(({ fraction }) => fraction)
  expect(fractions[0]).toBe(0)
  expect(fractions).toEqual(fractions.toSorted((a, b) => a - b))
  expect(fractions.at(-1)).toBeLessThanOrEqual(1)
  expect(steps.filter(({ check }) => check === 'events').length).toBeGreaterThan(3)
  expect(new Set(steps.map(({ check }) => check))).toEqual(new Set(checks.map(({ name }) => name)))
})

test('an error of the listener to its progress ends it', async () => {
  const onProgress = (): void => {
    throw new Error('listener')
  }
  await expect(verifyStore(await altered(''), { onProgress })).rejects.toThrow('listener')
})

test('it works beside a process that writes, and keeps this thread free', async () => {
  const path = await altered('', 20_000)
  const other = startProcess()
  await other.ask('open', path)
  await other.ask('write')
  let turns = 0
  let running = true
  const spin = (): void => {
    turns++
    if (running) setImmediate(spin)
  }
  spin()
  for (let times = 0; times < 3; times++) expect(await verifyStore(path)).toMatchObject({ ok: true })
  running = false
  expect(turns).toBeGreaterThan(100)
  expect(await other.ask('pause')).toBeGreaterThan(0)
})

test('it changes nothing', async () => {
  const path = await altered('')
  const before = contents(join(path, '..'))
  await verifyStore(path)
  expect(contents(join(path, '..'))).toMatchObject(before)
})

test('it works in a folder that may not be written', async () => {
  const path = await altered('')
  const folder = join(path, '..')
  chmodSync(path, 0o444)
  chmodSync(folder, 0o555)
  const other = startProcess()
  if (process.getuid?.() === 0) await other.ask('become', 65_534)
  const before = contents(folder)
  expect(await other.ask('verify', path)).toMatchObject({ ok: true })
  expect(contents(folder)).toEqual(before)
  chmodSync(folder, 0o755)
})

test.for([
  ['none.db', 'STORE_UNREADABLE', 'there is no such file'],
  ['none/shop.db', 'STORE_UNREADABLE', 'does not exist'],
  ['', 'STORE_UNREADABLE', 'it is a folder'],
  ['empty', 'STORE_FOREIGN', 'it is empty'],
  ['text', 'STORE_FOREIGN', 'it is too short'],
  ['foreign.db', 'STORE_FOREIGN', "another application's"],
  ['new.db', 'STORE_TOO_NEW', '99'],
] as const)("what is no store is refused: '%s'", async ([name, code, reason]) => {
  const path = await altered('PRAGMA user_version = 99')
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'new.db'), readFileSync(path))
  writeFileSync(join(folder, 'empty'), '')
  writeFileSync(join(folder, 'text'), 'text')
  const foreign = new DatabaseSync(join(folder, 'foreign.db'))
  foreign.exec('CREATE TABLE diary (day TEXT)')
  foreign.close()
  await expect(verifyStore(join(folder, name))).rejects.toMatchObject({
    code,
    message: expect.stringContaining(reason),
  })
})

test('a store in memory has no file to verify', async () => {
  await expect(verifyStore(':memory:')).rejects.toMatchObject({ code: 'STORE_UNREADABLE' })
})
