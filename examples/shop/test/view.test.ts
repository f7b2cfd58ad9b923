import type { WriteStream } from 'node:tty'
import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { frameOf } from '../src/view/frame.ts'
import { plainView } from '../src/view/plain.ts'
import type { Snapshot } from '../src/view/snapshot.ts'
import { type Outcome, summaryOf } from '../src/view/summary.ts'
import { terminalView } from '../src/view/terminal.ts'

const snapshot: Snapshot = {
  ledger: 'orders-sample.ndjson.gz',
  entries: 25_900,
  line: 12_950,
  events: 123_456,
  eventsPerSecond: 23_456,
  retries: 1_234,
  deadLetters: 1,
  scheduled: 345,
  completed: 10_234,
  revenue: 1_064_455_412,
  refunds: 89_681_249,
  services: [
    { name: 'payment', handled: 12_000, lag: 500, retrying: 12, dead: 0 },
    { name: 'email-notification', handled: 11_000, lag: 0, retrying: 0, dead: 0 },
    { name: 'marketing', handled: 2, lag: 0, retrying: 0, dead: 1 },
  ],
}

const plain = (lines: readonly string[]): string[] => lines.map(stripVTControlCharacters)

test.each([20, 40, 80, 100, 200])('no line of a frame is wider than a terminal of %i columns', (columns) => {
  for (const line of plain(frameOf(snapshot, columns))) expect(line.length).toBeLessThan(columns)
})

test('80 columns show everything', () => {
  const text = plain(frameOf(snapshot, 80)).join('\n')
  expect(text).toContain('orders-sample.ndjson.gz')
  expect(text).toMatch(/█+░+ {2}50 % {2}12,950 of 25,900 entries/)
  expect(text).toContain('123,456 events   23,456 a second   345 scheduled   1,234 retries   1 dead')
  expect(text).toContain('10,234 orders completed   revenue £10,644,554.12   refunds £896,812.49')
  expect(text).toMatch(/payment +12,000 +500 +12 +0/)
  expect(text).toMatch(/marketing +2 +0 +0 +1/)
})

test('the terminal view draws each frame over the last one, in one write, and gives the cursor back', () => {
  const writes: string[] = []
  const stream = { columns: 80, rows: 40, write: (text: string) => writes.push(text) } as unknown as WriteStream
  const view = terminalView(stream)
  view.show(snapshot)
  view.show(snapshot)
  view.close()
  const height = frameOf(snapshot, 80).length
  expect(writes).toHaveLength(4)
  expect(writes[0]).toBe('\x1b[?25l')
  expect(writes[1]).not.toContain('A\r')
  expect(writes[2]).toContain(`\x1b[${height}A\r`)
  expect(writes[3]).toBe('\x1b[?25h')
})

test('a low terminal shows as many lines as it has', () => {
  const writes: string[] = []
  const stream = { columns: 80, rows: 6, write: (text: string) => writes.push(text) } as unknown as WriteStream
  const view = terminalView(stream)
  view.show(snapshot)
  view.close()
  expect(writes[1]?.match(/\n/g)).toHaveLength(5)
})

test('the plain view prints the first and the last state, and nothing twice', () => {
  const lines: string[] = []
  const view = plainView((line) => lines.push(line))
  view.show(snapshot)
  view.show(snapshot)
  view.show({ ...snapshot, line: 25_900 })
  view.close()
  expect(lines).toHaveLength(2)
  expect(lines[0]).toContain('entries 12950/25900')
  expect(lines[0]).toContain('lag payment 500')
  expect(lines[1]).toContain('entries 25900/25900')
})

test('the summary fits 80 columns and shows what is wrong', () => {
  const outcome: Outcome = {
    totals: {
      countries: [{ country: 'United Arab Emirates', orders: 3, revenue: 190_224, cancellations: 1, refunds: 12_007 }],
      orders: 3,
      cancellations: 1,
      setAside: { 'no-value': 2_102, bookkeeping: 3 },
      invoices: 3,
      emails: 2,
    },
    retries: { payments: 1, emails: 2 },
    catalogues: 2,
    deadLetters: 1,
    differences: [],
    doubles: [],
    store: '/somewhere/shop.db',
  }
  const text = stripVTControlCharacters(summaryOf(outcome))
  expect(text).toMatch(/United Arab Emirates +3 +£1,902\.24 +1 +£120\.07/)
  expect(text).toContain('✓ equal, to the penny')
  expect(text).toContain('millrace dead-letters list')
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80)

  const wrong = stripVTControlCharacters(
    summaryOf({ ...outcome, differences: ['orders: 3 instead of 4'], doubles: ['invoice 1'], deadLetters: 0 }),
  )
  expect(wrong).toContain('✗ orders: 3 instead of 4')
  expect(wrong).toContain('✗ twice: invoice 1')
  expect(wrong).not.toContain('✓')
  expect(wrong).not.toContain('dead-letters')
})
