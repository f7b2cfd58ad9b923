import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Cursor, decodeRanges, encodeRanges } from '../../src/sqlite/tables/cursor.ts'

/** What a subscription stands for, without any cleverness. */
class Model {
  /** Positions of its events: every third is another topic's. */
  readonly isOwn = (position: number): boolean => position % 3 !== 0
  scannedTo = 0
  readonly settled = new Set<number>()
  handedOut: number[] = []

  open(): number[] {
    return this.handedOut.filter((position) => !this.settled.has(position))
  }
}

function agrees(cursor: Cursor, model: Model): void {
  const { floor, ranges } = cursor.state()
  const text = encodeRanges(floor, ranges)
  expect(decodeRanges(floor, text)).toEqual(ranges)
  const ends = [floor, ...ranges]
  for (const [index, end] of ends.entries()) {
    // Each range begins after a gap, and has at least one position.
    if (index > 0) expect(end).toBeGreaterThanOrEqual(ends[index - 1]! + (index % 2 === 1 ? 2 : 0))
  }
  const covered = (position: number): boolean =>
    position <= floor || ranges.some((from, n) => n % 2 === 0 && from <= position && position <= ranges[n + 1]!)
  const last = Math.max(model.scannedTo, ...model.settled) + 3
  for (let position = 1; position <= last; position++) {
    if (model.isOwn(position)) expect(covered(position), `position ${position}`).toBe(model.settled.has(position))
  }
  if (model.open().length === 0) expect(floor).toBeGreaterThanOrEqual(model.scannedTo)
}

/** Hands out what is up to `to`, as a consumer does. */
function scan(cursor: Cursor, model: Model, to: number): number[] {
  const batch: number[] = []
  for (let position = cursor.scannedTo + 1; position <= to; position++) {
    if (model.isOwn(position) && !cursor.isSettledBeyond(position)) batch.push(position)
  }
  for (const position of batch) cursor.handOut(position)
  cursor.scanned(to)
  model.scannedTo = Math.max(to, cursor.scannedTo)
  return batch
}

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('scan' as const), by: fc.integer({ min: 1, max: 12 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('settle' as const),
      picks: fc.array(fc.nat(1_000), { maxLength: 8 }),
      // Whether the transaction comes to be.
      commits: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('beyond' as const), by: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'restart' as const }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'reopen' as const }) },
)

test('a cursor knows exactly what is settled, through rollbacks and restarts', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const model = new Model()
      let cursor = new Cursor({ floor: 0, ranges: [] })
      for (const one of steps) {
        switch (one.kind) {
          case 'scan': {
            const batch = scan(cursor, model, cursor.scannedTo + one.by)
            expect(
              batch.filter((position) => model.settled.has(position)),
              'handed out again',
            ).toEqual([])
            model.handedOut.push(...batch)
            break
          }
          case 'settle': {
            const open = model.open()
            const chosen = open.length === 0 ? [] : [...new Set(one.picks.map((pick) => open[pick % open.length]!))]
            for (const position of chosen) {
              expect(cursor.isOpen(position)).toBe(true)
              expect(cursor.settle(position)).toBe(true)
              expect(cursor.settle(position), 'twice').toBe(false)
            }
            const before = new Set(model.settled)
            for (const position of chosen) model.settled.add(position)
            agrees(cursor, model)
            if (one.commits) {
              cursor.commit()
            } else {
              cursor.rollBack()
              for (const position of chosen) if (!before.has(position)) model.settled.delete(position)
            }
            break
          }
          case 'beyond': {
            // Somebody who reads the log by himself settles what no consumer was handed yet.
            const position = cursor.scannedTo + one.by
            if (!model.isOwn(position)) break
            expect(cursor.settle(position)).toBe(!model.settled.has(position))
            model.settled.add(position)
            cursor.commit()
            break
          }
          case 'restart':
            cursor.restart()
            model.handedOut = []
            model.scannedTo = cursor.scannedTo
            break
          case 'reopen': {
            const { floor, ranges } = cursor.state()
            cursor = new Cursor({ floor, ranges: decodeRanges(floor, encodeRanges(floor, ranges)) })
            model.handedOut = []
            model.scannedTo = cursor.scannedTo
            break
          }
        }
        agrees(cursor, model)
        expect(cursor.unsettled).toBe(model.open().length)
      }
    }),
    { numRuns: 500 },
  )
})

test('ranges settled before a restart are still told after the log was scanned over them', () => {
  const cursor = new Cursor({ floor: 2, ranges: [5, 8, 11, 12] })
  for (const position of [3, 4, 9, 10, 13]) cursor.handOut(position)
  cursor.scanned(13)
  expect(cursor.state()).toEqual({ floor: 2, ranges: [5, 8, 11, 12] })
  expect(cursor.settle(4)).toBe(true)
  expect(cursor.state()).toEqual({ floor: 2, ranges: [4, 8, 11, 12] })
})

test('what a cursor holds is bounded by what is unsettled, however much is settled beyond', () => {
  const cursor = new Cursor({ floor: 0, ranges: [] })
  for (let position = 1; position <= 10_000; position++) {
    cursor.handOut(position)
    cursor.scanned(position)
    // Two are never settled.
    if (position !== 1 && position !== 5_000) {
      cursor.settle(position)
      cursor.commit()
    }
  }
  expect(cursor.unsettled).toBe(2)
  expect(cursor.state()).toEqual({ floor: 0, ranges: [2, 4_999, 5_001, 10_000] })
})
