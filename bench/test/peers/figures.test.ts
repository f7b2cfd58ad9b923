import { describe, expect, test } from 'vitest'
import { figureOf, median } from '../../peers/src/figures.ts'
import { fileSystemOf } from '../../peers/src/machine.ts'
import { ratiosOf } from '../../peers/src/ratios.ts'
import { reportPage } from '../../peers/src/report.ts'
import type { Result, Row } from '../../peers/src/result.ts'
import { asMarkdown, asText, cellOf, figuresTable } from '../../peers/src/table.ts'

const rate = (median: number) => ({ kind: 'rate' as const, median, min: median, max: median })
const latency = (p99Ms: number) => ({ kind: 'latency' as const, p50Ms: 0.5, p99Ms, minP99Ms: p99Ms, maxP99Ms: p99Ms })

const row = (peer: string, setting: string, figures: Row['figures'], failures: Row['failures'] = {}): Row => ({
  peer,
  setting,
  durability: 'synced',
  server: 'Server 1',
  packages: { peer: '1.0.0' },
  load: { callsInFlight: 1, batchSize: 10, batchesInFlight: 2 },
  notes: 'as it is',
  figures,
  outcomes: {},
  failures,
})

const rows = [
  row('Millrace', 'safe', {
    publishSingle: rate(100),
    publishBatch: rate(500),
    handle: rate(300),
    idlePublish: latency(2),
  }),
  row('Millrace', 'fast', { publishBatch: rate(900) }),
  row('Queue', 'safe', { publishSingle: rate(50), publishBatch: rate(80), handle: rate(100), idlePublish: latency(3) }),
  row('Queue', 'fast', { publishSingle: rate(125), idlePublish: latency(1) }, { handle: 'Error: gone\n at x' }),
]

test('the median is the middle, and the lower one of an even number', () => {
  expect(median([3, 1, 2])).toBe(2)
  expect(median([4, 1, 2, 3])).toBe(2)
  expect(() => median([])).toThrow()
})

test('several runs come to a median and a spread', () => {
  expect(figureOf([30, 10, 20].map((perSecond) => ({ perSecond, events: 1 })))).toEqual({
    kind: 'rate',
    median: 20,
    min: 10,
    max: 30,
  })
  const runs = [4, 2, 3].map((p99Ms) => ({ p50Ms: p99Ms / 2, p99Ms, maxMs: 9 }))
  expect(figureOf(runs)).toEqual({ kind: 'latency', p50Ms: 1.5, p99Ms: 3, minP99Ms: 2, maxP99Ms: 4 })
})

describe('ratios', () => {
  const ratioOf = (what: RegExp) => ratiosOf({ rows }).find((each) => what.test(each.what))

  test('compare Millrace, synced, in its best way with the best of the others in theirs', () => {
    const published = ratioOf(/^published.*best way/)
    expect(published).toMatchObject({ millrace: 500, wanted: 5 })
    expect(published?.any).toEqual({ best: 125, row: 'Queue, fast', ratio: 4, met: false })
    expect(published?.synced).toEqual({ best: 80, row: 'Queue, safe', ratio: 6.25, met: true })
  })

  test('of latencies are the better the longer the others take', () => {
    const idle = ratioOf(/until durable/)
    expect(idle?.any).toEqual({ best: 1, row: 'Queue, fast', ratio: 0.5, met: false })
    expect(idle?.synced).toEqual({ best: 3, row: 'Queue, safe', ratio: 1.5, met: true })
  })

  test('are not told of what nobody else has, or without Millrace', () => {
    expect(ratioOf(/100 an append/)).toBeUndefined()
    expect(ratiosOf({ rows: rows.slice(2) })).toEqual([])
  })
})

describe('tables', () => {
  test('show the spread only where there is one', () => {
    const figure = { kind: 'rate' as const, median: 31_200, min: 29_100, max: 33_000 }
    expect(cellOf(figure, 3)).toBe('31,200 (29,100–33,000)')
    expect(cellOf(figure, 1)).toBe('31,200')
    expect(cellOf(latency(2), 1)).toBe('0.5 / 2')
    expect(cellOf(undefined, 1)).toBe('')
  })

  test('leave out who has nothing to show, and show what failed', () => {
    const table = figuresTable({ rows, runs: 1 }, ['handle'])
    expect(table.slice(1)).toEqual([
      ['Millrace, safe', '300'],
      ['Queue, safe', '100'],
      ['Queue, fast', 'failed'],
    ])
  })

  test('are laid out for a terminal and for a page', () => {
    const table = [
      ['', 'a|b'],
      ['x', '1'],
    ]
    expect(asText(table)).toBe('   a|b\n-  ---\nx    1')
    expect(asMarkdown(table)).toBe('|  | a\\|b |\n|---|---|\n| x | 1 |')
  })
})

test('the page tells what was not measured, and why', () => {
  const result: Result = {
    date: '2026-01-02T03:04:05.000Z',
    commit: 'abc1234',
    machine: {
      processor: 'P',
      cores: 2,
      memoryGiB: 8,
      system: 'Linux 6',
      node: 'v26.0.0',
      fileSystem: 'ext4 on /dev/vda',
      syncMs: 0.3,
    },
    events: 1_000,
    idleEvents: 100,
    runs: 1,
    maxMs: 10_000,
    rows,
    skipped: [{ peer: 'Broker', setting: 'safe', why: 'it cannot sync each message' }],
  }
  const page = reportPage(result)
  expect(page).toMatch(/Measured on 2026-01-02 at commit abc1234/)
  expect(page).toMatch(/- Broker, safe: it cannot sync each message/)
  expect(page).toMatch(/- Queue, fast, handle: failed: Error: gone\n/)
})

test('the file system is that of the longest mount point above', () => {
  const mounts = '/dev/vda / ext4 rw 0 0\ntmpfs /var/tmp tmpfs rw 0 0\n/dev/vdb /var ext4 rw 0 0'
  expect(fileSystemOf('/var/tmp/x', mounts)).toBe('tmpfs on tmpfs')
  expect(fileSystemOf('/var/tmpx', mounts)).toBe('ext4 on /dev/vdb')
  expect(fileSystemOf('/home/x', mounts)).toBe('ext4 on /dev/vda')
})
