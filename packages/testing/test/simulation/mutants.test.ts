import type { FindingKind } from '@millrace/testing/history'
import { expect, test, vi } from 'vitest'
import type { Edit } from '../../faults/edits/edit.ts'
import { mutants } from '../../faults/mutants/mutants.ts'
import { simulate } from './run.ts'

/** Far more than any of the mistakes needs. */
const mostSeeds = 150
vi.setConfig({ testTimeout: 60_000 })

async function expectFound(
  edits: readonly Edit[],
  finding: FindingKind,
  options: readonly string[] = [],
): Promise<void> {
  const args = ['--seeds', String(mostSeeds), '--stop-at', '2', ...options]
  const { code, output } = await simulate(args, edits)
  expect(code, output.slice(-2_000)).toBe(1)
  expect(output).toMatch(new RegExp(`^ {4}${finding}: `, 'm'))
}

/** Mistakes in Millrace that the fault command finds, too. */
const known = ['acknowledgement without the effects', 'order ignored on retry', 'cursor past a parked event']

test.each(mutants.filter(({ name }) => known.includes(name)))('is found: $name', ({ edits, finding }) =>
  expectFound(edits, finding),
)

test('the mistakes are those that are meant', () => {
  expect(mutants.map(({ name }) => name)).toEqual(expect.arrayContaining(known))
})

interface RouteMutant {
  readonly name: string
  readonly file: string
  readonly from: string
  readonly to: string
  readonly finding: FindingKind
}

/** Mistakes on the way through a broker. */
const ofRoutes: readonly RouteMutant[] = [
  {
    name: 'taken without a mark',
    file: 'topology/inbox.ts',
    from: 'inbox: [...fresh.keys()].map((messageId): InboxMark => ({ consumer, messageId })),',
    to: '',
    finding: 'duplicate',
  },
  {
    name: 'settled before it is published',
    file: 'topology/outbox.ts',
    from: 'if (leave.length > 0) await transport.publish(leave)',
    to: 'this.#settle(settle); if (leave.length > 0) await transport.publish(leave); return',
    finding: 'lost',
  },
  {
    name: 'what comes back is taken in',
    file: 'topology/inbox.ts',
    from: 'if (hasLeft(event, this.#runtime.storeId))',
    to: 'if (event === undefined)',
    finding: 'duplicate',
  },
]

test.each(ofRoutes)('is found between two sites: $name', ({ file, from, to, finding }) =>
  expectFound([{ file, from, to }], finding, ['--routed']),
)
