import { describe, expect, it } from 'vitest'
import { compatibilityDifferences, type JsonSchema } from '../../src/event/compatibility/index.ts'
import { vectors } from '../vectors.ts'

interface Case {
  readonly enabled: boolean
  readonly id: string
  /** Both directions at once: `backward` is backward and not forward. */
  readonly compatibility: 'backward' | 'forward' | 'both' | 'none'
  readonly original: JsonSchema
  readonly updated: JsonSchema
}

const file = vectors<{ readonly tests: readonly Case[] }>('jsonschema-compat/compatibility-test-data.json')

describe.skipIf(file === undefined)('the 109 cases of JSON Schema compatibility', () => {
  const cases = file?.tests ?? []

  it('are 109, of which none is disabled', () => {
    expect(cases.length).toBe(109)
    expect(cases.filter(({ enabled }) => !enabled).length).toBe(0)
  })

  for (const { enabled, id, compatibility, original, updated } of cases) {
    it.skipIf(!enabled)(`${id}: ${compatibility}`, () => {
      const backward = compatibilityDifferences(original, updated, 'backward').length === 0
      const forward = compatibilityDifferences(original, updated, 'forward').length === 0
      expect({ backward, forward }).toEqual({
        backward: compatibility === 'backward' || compatibility === 'both',
        forward: compatibility === 'forward' || compatibility === 'both',
      })
    })
  }
})
