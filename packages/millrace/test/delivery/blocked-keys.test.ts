import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BlockedKeys } from '../../src/delivery/failure/blocked-keys.ts'

type Step =
  | { readonly kind: 'expect' | 'add'; readonly position: number; readonly key: string }
  | { readonly kind: 'remove'; readonly position: number }
  /** A reader takes a look at the store; what it found is taken over some steps later. */
  | { readonly kind: 'read'; readonly after: number }

const position = fc.nat({ max: 9 })
// The key belongs to the position for good.
const keyOf = (at: number): string => `k${at % 3}`
const steps = fc.array(
  fc.oneof(
    position.map((at): Step => ({ kind: 'expect', position: at, key: keyOf(at) })),
    position.map((at): Step => ({ kind: 'add', position: at, key: keyOf(at) })),
    position.map((at): Step => ({ kind: 'remove', position: at })),
    fc.nat({ max: 6 }).map((after): Step => ({ kind: 'read', after })),
  ),
  { maxLength: 60 },
)

test('the keys that wait are those of the store and of what is on its way there, however late a reader comes', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const keys = new BlockedKeys()
      const store = new Set<number>()
      const coming = new Set<number>()
      const overtaken = new Set<number>()
      let reading: { found: Map<number, string | null>; left: number } | undefined
      for (const step of all) {
        if (step.kind === 'read') {
          if (reading !== undefined) continue
          keys.record()
          reading = { found: new Map([...store].map((at) => [at, keyOf(at)])), left: step.after }
        } else if (step.kind === 'expect') {
          if (store.has(step.position) || overtaken.has(step.position)) continue
          coming.add(step.position)
          keys.expect(step.position, step.key)
        } else if (step.kind === 'add') {
          keys.add(step.position, step.key)
          if (overtaken.delete(step.position)) continue
          coming.delete(step.position)
          store.add(step.position)
        } else {
          // It may have been taken out of the store again before its coming was told.
          if (coming.delete(step.position)) overtaken.add(step.position)
          else if (!store.delete(step.position)) continue
          const freed = keys.remove(step.position)
          const others = [...store, ...coming].some((other) => keyOf(other) === keyOf(step.position))
          expect(freed).toBe(others ? undefined : keyOf(step.position))
        }
        if (reading !== undefined && reading.left-- === 0) {
          keys.replace(reading.found)
          reading = undefined
        }
        const waiting = new Set([...store, ...coming].map(keyOf))
        for (const key of ['k0', 'k1', 'k2']) expect(keys.has(key)).toBe(waiting.has(key))
        expect(keys.size).toBe(store.size)
      }
    }),
    { numRuns: 2_000 },
  )
})
