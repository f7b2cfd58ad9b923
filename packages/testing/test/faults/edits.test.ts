import { stripTypeScriptTypes } from 'node:module'
import { describe, expect, test } from 'vitest'
import { type Edit, edited, editedSources } from '../../faults/edits/edit.ts'
import { mutants } from '../../faults/mutants/mutants.ts'
import { pointEdits, points } from '../../faults/points/points.ts'

/** The edits fit the sources, and what they make of them is TypeScript that Node can read. */
function assertValid(edits: readonly Edit[]): void {
  for (const source of editedSources(edits).values()) expect(() => stripTypeScriptTypes(source)).not.toThrow()
}

describe('edits of the sources', () => {
  const source = 'const a = 1\nconst b = 2\n'

  test('are made at each place, in whatever order they come', () => {
    const edits = [
      { file: 'f', from: 'b = 2', to: 'b = 3' },
      { file: 'f', from: 'a = 1', to: 'a = 22' },
    ]
    expect(edited(source, edits)).toBe('const a = 22\nconst b = 3\n')
  })

  test('are refused where the fragment is not there, is there twice, or overlaps with another', () => {
    expect(() => edited(source, [{ file: 'f', from: 'c = 3', to: '' }])).toThrow('f has no fragment')
    expect(() => edited(source, [{ file: 'f', from: 'const', to: '' }])).toThrow('more than once')
    const overlapping = [
      { file: 'f', from: 'a = 1', to: '' },
      { file: 'f', from: '1\nconst b', to: '' },
    ]
    expect(() => edited(source, overlapping)).toThrow('overlap')
    expect(() => edited(source, [{ file: 'f', from: 'a = 1', to: '', startsLine: true }])).toThrow('something before')
  })
})

describe('the named points', () => {
  test('are each at one place of the sources', () => {
    assertValid(pointEdits)
  })

  test('have names of their own', () => {
    const names = points.map(({ name }) => name)
    expect(names.length).toBeGreaterThan(40)
    expect(names).toEqual([...new Set(names)])
  })
})

describe('the mutants', () => {
  test.each(mutants.map((mutant) => [mutant.name, mutant] as const))(
    '%s: the fragment is in the source',
    (_, { edits }) => {
      assertValid(edits)
    },
  )

  test('have names of their own', () => {
    const names = mutants.map(({ name }) => name)
    expect(names).toEqual([...new Set(names)])
  })
})
