import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { backupStore } from 'millrace/sqlite'
import { afterEach, describe, expect, it } from 'vitest'
import { commands } from '../src/commands/index.ts'
import { findPatterns } from '../src/patterns.ts'
import { ask, folder, refusal, run } from './command-line.ts'
import { storeOfShop } from './store.ts'

describe('the help', () => {
  it('lists all commands', async () => {
    const { code, out } = await run(['help'])
    expect(code).toBe(0)
    for (const { name, summary } of commands) {
      expect(out).toContain(`  ${name} `)
      expect(out.replace(/\s+/g, ' ')).toContain(summary)
    }
    expect(await run(['--help'])).toMatchObject({ code: 0, out })
    expect(await run([])).toEqual({ code: 2, out: '', err: out })
  })

  it.each(commands.map(({ name }) => name))('tells all about %s', async (name) => {
    const { code, out } = await run(['help', ...name.split(' ')])
    expect(code).toBe(0)
    expect(out).toContain(`millrace ${name} `)
    expect(out).toContain('--json')
    expect(await run([...name.split(' '), '--help'])).toMatchObject({ code: 0, out })
  })

  it('of a word that begins several commands is that of all of them', async () => {
    const { out } = await run(['help', 'parked'])
    expect(out).toContain('millrace parked list')
    expect(out).toContain('millrace parked release')
  })

  it('fits a narrow terminal', async () => {
    const { out } = await run(['help', 'publish'], { columns: 50 })
    const words = out
      .split('\n')
      .filter((line) => line.length > 50 && !line.startsWith('  millrace') && !line.startsWith('  gunzip'))
    expect(words).toEqual([])
  })

  it('has the version', async () => {
    expect(await run(['--version'])).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
  })
})

describe('a wrong command line', () => {
  it.each([
    [['topic'], "there is no command 'topic' (did you mean 'topics'?)"],
    [['frobnicate'], "there is no command 'frobnicate'."],
    [['dead-letters', 'lst'], "did you mean 'list'?"],
    [['--store', 'x', 'topics'], "'--store' stands before the command"],
    [['topics', '--stor', 'x'], "did you mean '--store'?"],
    [['topics', '--json=yes'], "'--json' takes no value"],
    [['topics', '--store'], "'--store' needs a value: --store PATH"],
    [['pause', 'x', '--reason', '--json'], "'--reason' needs a value"],
    [['topics', '--store', 'a', '--store', 'b'], "'--store' is given twice"],
    [['topics', 'x'], "'x' is one argument too many: millrace topics"],
    [['pause'], 'SUBSCRIPTION is missing: millrace pause SUBSCRIPTION'],
    [['dead-letters', 'show', 's'], 'POSITION is missing'],
    [['timers', 'cancel'], 'ID… is missing'],
    [['publish', 'x'], 'the data is missing'],
    [['publish', 'x', '{}', '--file', 'f'], 'not both'],
    [['publish', 'x', '{'], 'the data is not JSON'],
    [['publish', 'x', '{}', '--id-field', 'a'], '--id-field'],
    [['publish', 'x', '-', '--id', 'a'], 'use --id-field'],
    [['publish', 'x', '{}', '--app', 'a.ts', '--store', 'b.db'], "the application's own"],
    [['publish', 'x', '{}', '--at', 'noon'], '--at'],
  ] as const)('%j is refused with what is wrong', async (args, reason) => {
    const { code, out, err } = await run(args)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain('USAGE_INVALID')
    expect(err).toContain(reason)
    expect(err).toContain('millrace help')
  })

  it('with --json is told as JSON', async () => {
    expect(await refusal(['topic'])).toMatchObject({ exit: 2, code: 'USAGE_INVALID', retryable: false })
  })
})

describe('the store', () => {
  const here = process.cwd()
  afterEach(() => process.chdir(here))

  it('is the one that is named, else by the environment', async () => {
    const path = await storeOfShop()
    const topics = await ask(['topics', '--store', path])
    expect(topics).toEqual([])
    expect(await ask(['topics'], { env: { MILLRACE_STORE: path } })).toEqual(topics)
    const named = refusal(['topics', '--store', 'nowhere.db'], { env: { MILLRACE_STORE: path } })
    expect(await named).toMatchObject({ code: 'STORE_UNREADABLE', fields: { store: 'nowhere.db' } })
  })

  it('is else the only one in this folder', async () => {
    const empty = folder()
    process.chdir(empty)
    writeFileSync('notes.db', 'these are notes, and no database at all')
    expect(await refusal(['topics'])).toMatchObject({
      exit: 2,
      code: 'STORE_NOT_CHOSEN',
      message: expect.stringContaining('none'),
    })

    const path = await storeOfShop()
    await backupStore(path, join(empty, 'one.db'))
    expect(await ask(['inspect'])).toMatchObject({ store: 'one.db' })
    await backupStore(path, join(empty, 'two.db'))
    const several = expect.stringContaining('one.db, two.db')
    expect(await refusal(['topics'])).toMatchObject({ code: 'STORE_NOT_CHOSEN', message: several })
  })

  it('is never made by looking for it', async () => {
    process.chdir(folder())
    for (const args of [['topics'], ['verify'], ['backup', 'copy.db'], ['tail'], ['publish', 'x', '{}']]) {
      expect(await refusal([...args, '--store', 'missing.db'])).toMatchObject({ exit: 1, code: 'STORE_UNREADABLE' })
    }
    writeFileSync('empty.db', '')
    expect(await refusal(['topics', '--store', 'empty.db'])).toMatchObject({ code: 'STORE_FOREIGN' })
    expect(await refusal(['topics', '--store', ':memory:'])).toMatchObject({ code: 'STORE_UNREADABLE' })
    expect(readdirSync('.')).toEqual(['empty.db'])
  })
})

describe('patterns', () => {
  const all = [
    {
      id: 'C2',
      title: 'Exactly-once effects',
      names: ['transactional outbox', 'inbox'],
      promise: 'Both or none.',
      page: 'a.md',
    },
    { id: 'C9', title: 'Dead-letter queue', names: ['DLQ'], promise: 'What is given up is kept.', page: 'b.md' },
  ]
  const found = (word: string): string[] => findPatterns(all, word).map(({ id }) => id)

  it('are found under any of their names', () => {
    expect(found('dead letter queue')).toEqual(['C9'])
    expect(found('dlq')).toEqual(['C9'])
    expect(found('outbox')).toEqual(['C2'])
    expect(found('queue dead')).toEqual(['C9'])
    expect(found('kept')).toEqual(['C9'])
    expect(found('saga')).toEqual([])
  })

  it('are told by the command', async () => {
    const { out } = await run(['patterns', 'transactional', 'outbox'])
    expect(out).toContain('Exactly-once effects')
    expect(out).toContain('docs/patterns/exactly-once-effects.md')
    expect((await ask<unknown[]>(['patterns'])).length).toBeGreaterThan(10)
    const near = { exit: 3, code: 'PATTERN_UNKNOWN', fields: { word: 'outbux', near: ['outbox'] } }
    expect(await refusal(['patterns', 'outbux'])).toMatchObject(near)
  })
})
