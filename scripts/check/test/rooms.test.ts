import { describe, expect, it } from 'vitest'
import { checkRooms } from '../rooms.ts'
import { tree } from './tree.ts'

const src = 'packages/millrace/src'

/** A sound little house. */
const sound: Readonly<Record<string, string>> = {
  'packages/millrace/package.json': '{ "name": "millrace", "exports": { ".": "./src/index.ts", "./sqlite": "" } }',
  'packages/cli/package.json': '{ "name": "@millrace/cli" }',
  [`${src}/index.ts`]: `export { publish } from './messaging/index.ts'`,
  [`${src}/engine.ts`]: `export type { Store } from './store/index.ts'`,
  [`${src}/base/index.ts`]: `export { now } from './clock.ts'`,
  [`${src}/base/clock.ts`]: `export const now = (): number => 0`,
  [`${src}/store/index.ts`]: `import { now } from '../base/index.ts'\nexport interface Store { at: typeof now }`,
  [`${src}/messaging/index.ts`]: `export { publish } from './publish.ts'`,
  [`${src}/messaging/publish.ts`]: `import type { Store } from '../store/index.ts'\nexport const publish = (store: Store) => store`,
  'packages/cli/src/main.ts': `import { publish } from 'millrace'\nawait import('millrace/sqlite')\npublish`,
  'packages/millrace/test/base/clock.test.ts': `import { now } from '../../src/base/clock.ts'\nnow()`,
}

const failuresOf = (changes: Readonly<Record<string, string>>): readonly string[] =>
  checkRooms(tree({ ...sound, ...changes })).failures

describe('the order of the rooms', () => {
  it('passes a sound tree and says what it looked at', () => {
    const { failures, looked } = checkRooms(tree(sound))
    expect(failures).toEqual([])
    expect(looked).toBe('9 files, 9 imports, 3 rooms with 7 files and 6 imports')
  })

  it.each([
    ['a value import', `import { publish } from '../messaging/index.ts'\nexport const now = publish`],
    ['a type import', `import type { publish } from '../messaging/index.ts'\nexport type Now = typeof publish`],
    ['an inline type import', `export type Now = import('../messaging/index.ts').Anything`],
    ['a re-export', `export { publish as now } from '../messaging/index.ts'`],
    ['a dynamic import', `export const now = () => import('../messaging/index.ts')`],
    ['the file of a worker', `export const now = new URL('../messaging/index.ts', import.meta.url)`],
  ])('catches %s that goes upward', (_, text) => {
    const failures = failuresOf({ [`${src}/base/clock.ts`]: text })
    expect(failures).toContainEqual(
      expect.stringMatching(/base\/clock\.ts:1 imports .*: upward: 'base' lies below 'messaging'/),
    )
  })

  it('catches a side door, also from the front doors', () => {
    expect(failuresOf({ [`${src}/store/index.ts`]: `import '../base/clock.ts'` })).toEqual([
      `${src}/store/index.ts:1 imports '../base/clock.ts': side door: the room 'base' is entered only by its index.ts`,
    ])
    expect(failuresOf({ [`${src}/engine.ts`]: `export { now } from './base/clock.ts'` })).toHaveLength(1)
  })

  it('catches a cycle between files of one room, also of types alone', () => {
    const failures = failuresOf({
      [`${src}/base/a.ts`]: `import type { B } from './b.ts'\nexport type A = B`,
      [`${src}/base/b.ts`]: `import type { A } from './a.ts'\nexport type B = A`,
    })
    expect(failures).toEqual([`import cycle: ${src}/base/a.ts → ${src}/base/b.ts → ${src}/base/a.ts`])
  })

  it('catches a room that imports a front door', () => {
    const failures = failuresOf({ [`${src}/messaging/publish.ts`]: `import type { Store } from '../engine.ts'` })
    expect(failures).toEqual([expect.stringContaining('a room does not import a front door')])
  })

  it('catches a package that reaches into the sources of another', () => {
    const main = 'packages/cli/src/main.ts'
    expect(failuresOf({ [main]: `import '../../millrace/src/index.ts'` })).toEqual([
      `${main}:1 imports '../../millrace/src/index.ts': it leaves packages/cli: import the entry point of the other package by name`,
    ])
    expect(failuresOf({ [main]: `import 'millrace/src/base/index.ts'` })).toEqual([
      `${main}:1 imports 'millrace/src/base/index.ts': 'millrace/src/base/index.ts' is not an entry point of millrace`,
    ])
  })

  it('catches sources that import their own package by name, or what lies beside src', () => {
    expect(failuresOf({ [`${src}/base/clock.ts`]: `import 'millrace'` })).toHaveLength(1)
    expect(failuresOf({ [`${src}/base/clock.ts`]: `import '../../test/base/clock.test.ts'` })).not.toEqual([])
  })

  it('fails on a room it does not know, a room without a door, and a file beside the rooms', () => {
    expect(failuresOf({ [`${src}/attic/index.ts`]: '' })).toEqual([
      expect.stringContaining('attic is not a known room'),
    ])
    expect(failuresOf({ [`${src}/event/event.ts`]: '' })).toEqual([`${src}/event has no index.ts`])
    expect(failuresOf({ [`${src}/util.ts`]: '' })).toEqual([`${src}/util.ts lies beside the rooms`])
  })

  it('fails when there is nothing to look at, or a file cannot be read', () => {
    const empty = checkRooms(tree({ 'packages/millrace/package.json': '{ "name": "millrace" }' }))
    expect(empty.failures).toHaveLength(1)
    expect(() => failuresOf({ [`${src}/base/clock.ts`]: 'import {' })).toThrow(/clock\.ts does not parse/)
  })
})
