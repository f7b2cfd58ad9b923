import { describe, expect, test } from 'vitest'
import { compatibilityDifferences, type JsonSchema } from '../../src/event/compatibility/index.ts'
import { vectors } from '../vectors.ts'

interface Case {
  readonly enabled: boolean
  readonly id: string
  readonly compatibility: 'backward' | 'forward' | 'both' | 'none'
  readonly original: JsonSchema
  readonly updated: JsonSchema
}

const file = vectors<{ tests: readonly Case[] }>('jsonschema-compat/compatibility-test-data.json')

describe.skipIf(file === undefined)('jsonschema-compat vectors', () => {
  const cases = file?.tests ?? []
  for (const [i, { enabled, id, compatibility, original, updated }] of cases.entries()) {
    test.skipIf(!enabled)(`${i} ${id}: ${compatibility}`, () => {
      // The vectors state both directions: `backward` is backward and not forward.
      expect({
        backward: compatibilityDifferences(original, updated, 'backward').length === 0,
        forward: compatibilityDifferences(original, updated, 'forward').length === 0,
      }).toEqual({
        backward: compatibility === 'backward' || compatibility === 'both',
        forward: compatibility === 'forward' || compatibility === 'both',
      })
    })
  }
})
