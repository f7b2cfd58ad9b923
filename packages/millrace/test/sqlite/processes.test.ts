import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { eventually } from '@millrace/testing'
import { expect, onTestFinished, test } from 'vitest'
import type { Store } from '../../src/store/index.ts'
import { newPath, openEngine } from './engine.ts'

// Processes that publish to one store, and how they end.

interface Publisher {
  readonly name: string
  /** What it said, line by line. */
  readonly lines: readonly string[]
  readonly child: ChildProcess
  readonly gone: Promise<unknown>
}

/** Starts a process that publishes until it is killed; `before` is a shell command that runs first in it. */
function publisher(path: string, name: string, { inFlight = 50, bytes = 100, before = 'true' } = {}): Publisher {
  const script = [
    fileURLToPath(new URL('./publisher.ts', import.meta.url)),
    path,
    name,
    String(inFlight),
    String(bytes),
  ]
  const command = ['-c', `${before}; exec "$@"`, 'sh', process.execPath, '-C', 'millrace-source', ...script]
  const child = spawn('/bin/sh', command, { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines: string[] = []
  createInterface({ input: child.stdout! }).on('line', (line) => lines.push(line))
  const gone = once(child, 'close')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await gone
  })
  return { name, lines, child, gone }
}

const acknowledged = ({ lines, name }: Publisher): string[] => lines.filter((line) => line.startsWith(`${name}/`))

async function kill({ child, gone }: Publisher): Promise<void> {
  child.kill('SIGKILL')
  await gone
}

/** How many events each key has in the log. Checks that the log is in order and without a position twice. */
async function countByKey(store: Store): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  for (let after = 0; ; ) {
    const { records, scannedTo } = await store.readLog({ after, limit: 5_000 })
    for (const { position, event } of records) {
      expect(position).toBeGreaterThan(after)
      after = position
      counts.set(event.key!, (counts.get(event.key!) ?? 0) + 1)
    }
    if (records.length === 0) return counts
    after = scannedTo
  }
}

test('units of several processes on one file are each whole, and what was acknowledged survives their death', async () => {
  const path = newPath()
  const { store } = await openEngine({ path })
  const publishers = ['a', 'b', 'c'].map((name) => publisher(path, name))
  await eventually(() => publishers.every((one) => acknowledged(one).length >= 500), { timeoutMs: 15_000 })
  // This process gets its turn beside them.
  for (let own = 1; own <= 20; own++) await store.commit({ counts: [{ name: 'own', subject: 's', by: 1 }] })
  await Promise.all(publishers.map(kill))

  const counts = await countByKey(store)
  expect([...counts.values()].every((count) => count === 2)).toBe(true)
  for (const one of publishers) {
    const keys = acknowledged(one)
    expect(keys.filter((key) => !counts.has(key))).toEqual([])
    const units = [...counts.keys()].filter((key) => key.startsWith(`${one.name}/`)).length
    expect((await store.readDocument('units', one.name))!.version).toBe(units)
  }
  const state = await store.inspect()
  expect(state.counters).toEqual([{ name: 'own', subject: 's', value: 20 }])
  expect(state.topics).toMatchObject([{ name: 't', events: counts.size * 2, appended: counts.size * 2 }])
})

test('when there is no room left the store stops, and everything that was acknowledged is there', async () => {
  const path = newPath()
  // Files may have 4,000 blocks of 512 bytes.
  const one = publisher(path, 'a', { bytes: 20_000, inFlight: 3, before: 'ulimit -f 4000' })
  await one.gone
  expect(one.lines.slice(-2)).toEqual(['ended STORE_STOPPED', 'refused STORE_STOPPED'])
  const { store } = await openEngine({ path })
  const counts = await countByKey(store)
  const keys = acknowledged(one)
  expect(keys.length).toBeGreaterThan(3)
  expect(keys.filter((key) => counts.get(key) !== 2)).toEqual([])
  expect([...counts.values()].every((count) => count === 2)).toBe(true)
  await store.commit({ counts: [{ name: 'own', subject: 's', by: 1 }] })
})
