import type { DocumentWrite, Store } from 'millrace/engine'
import { expect } from 'vitest'
import type { Promised } from './fixture.ts'
import { range, refused } from './reading.ts'

const put = (store: Store, write: Partial<DocumentWrite> = {}) =>
  store.commit({ documents: [{ collection: 'c', key: 'k', value: '{}', ...write }] })

/** Documents: JSON by collection and key, with versions. */
export function documentPromises(promised: Promised): void {
  promised('a document comes back as it was written, with a version that counts its writes', async ({ store }) => {
    expect(await store.readDocument('c', 'k')).toBeUndefined()
    for (const version of range(1, 3)) {
      await put(store, { value: `{ "version": ${version}.0 }` })
      expect(await store.readDocument('c', 'k')).toEqual({ key: 'k', value: `{ "version": ${version}.0 }`, version })
    }
  })

  promised('a write waits for its version', async ({ store }) => {
    const conflict = (actual: number, expected: number) => ({ collection: 'c', key: 'k', expected, actual })
    expect(await refused('VERSION_CONFLICT', put(store, { expected: 1 }))).toEqual(conflict(0, 1))
    await put(store, { value: '1', expected: 0 })
    expect(await refused('VERSION_CONFLICT', put(store, { expected: 0 }))).toEqual(conflict(1, 0))
    expect(await refused('VERSION_CONFLICT', put(store, { expected: 2 }))).toEqual(conflict(1, 2))
    await put(store, { value: '2', expected: 1 })
    await put(store, { value: '3', expected: undefined })
    expect(await store.readDocument('c', 'k')).toEqual({ key: 'k', value: '3', version: 3 })
  })

  promised('null deletes, with the same check of the version', async ({ store }) => {
    await put(store)
    await refused('VERSION_CONFLICT', put(store, { value: null, expected: 2 }))
    expect(await store.readDocument('c', 'k')).toBeDefined()
    await put(store, { value: null, expected: 1 })
    expect(await store.readDocument('c', 'k')).toBeUndefined()
    expect(await store.readDocuments({ collection: 'c', limit: 9 })).toEqual([])
    await put(store, { value: null })
    await put(store, { expected: 0 })
    expect(await store.readDocument('c', 'k')).toBeDefined()
  })

  promised('JSON null is a value and not a deletion', async ({ store }) => {
    await put(store, { value: 'null' })
    expect(await store.readDocument('c', 'k')).toEqual({ key: 'k', value: 'null', version: 1 })
  })

  promised('several writes of one document in one unit are done in order', async ({ store }) => {
    const write = (value: string | null, expected?: number): DocumentWrite => ({
      collection: 'c',
      key: 'k',
      value,
      expected,
    })
    await store.commit({ documents: [write('1', 0), write('2', 1), write('3')] })
    expect(await store.readDocument('c', 'k')).toEqual({ key: 'k', value: '3', version: 3 })
    await store.commit({ documents: [write(null, 3), write('4', 0)] })
    expect((await store.readDocument('c', 'k'))!.value).toBe('4')
  })

  promised('of those who expect one version at once, one writes', async ({ store }) => {
    for (const expected of [0, 1, 2]) {
      const results = await Promise.allSettled(range(1, 20).map((n) => put(store, { value: String(n), expected })))
      const winners = results.flatMap(({ status }, n) => (status === 'fulfilled' ? [n + 1] : []))
      expect(winners).toHaveLength(1)
      expect(await store.readDocument('c', 'k')).toEqual({
        key: 'k',
        value: String(winners[0]),
        version: expected + 1,
      })
    }
  })

  promised('1,000 writes at once each count', async ({ store }) => {
    await Promise.all(range(1, 1_000).map((n) => put(store, { value: String(n) })))
    expect((await store.readDocument('c', 'k'))!.version).toBe(1_000)
  })

  promised('a collection is read in the order of its keys, page by page', async ({ store }) => {
    // Fixed by the code points of the key, not by a language and not by UTF-16: 😀 comes after ﬁ.
    const keys = ['', ' ', '!', '0', '10', '9', 'A', 'Z', '_', 'a', 'a!', 'aa', 'b', 'z', 'ä', 'ﬁ', '😀', '😀a']
    const shuffled = keys.toSorted((a, b) => a.length * 7 - b.length * 5 || (a < b ? 1 : -1))
    await store.commit({ documents: shuffled.map((key) => ({ collection: 'c', key, value: JSON.stringify(key) })) })
    const read = async (limit: number): Promise<string[]> => {
      const found: string[] = []
      for (let after: string | undefined; ; after = found.at(-1)) {
        const page = await store.readDocuments({ collection: 'c', limit, ...(after !== undefined && { after }) })
        expect(page.length).toBeLessThanOrEqual(limit)
        for (const { key, value } of page) expect(JSON.parse(value)).toBe(key)
        found.push(...page.map(({ key }) => key))
        if (page.length < limit) return found
      }
    }
    expect(await read(100)).toEqual(keys)
    expect(await read(1)).toEqual(keys)
    expect(await read(4)).toEqual(keys)
  })

  promised('a prefix is taken literally, and goes with `after`', async ({ store }) => {
    const keys = ['a', 'a%', 'a%b', 'a*', 'a_b', 'ab', 'a\uffff', 'a😀', 'b', 'A', "a'", 'a[b]', 'z\u{10ffff}']
    await store.commit({ documents: keys.map((key) => ({ collection: 'c', key, value: '1' })) })
    const read = async (prefix: string, after?: string): Promise<string[]> =>
      (await store.readDocuments({ collection: 'c', prefix, limit: 99, ...(after !== undefined && { after }) })).map(
        ({ key }) => key,
      )
    expect(await read('a%')).toEqual(['a%', 'a%b'])
    expect(await read('a_')).toEqual(['a_b'])
    expect(await read('a*')).toEqual(['a*'])
    expect(await read('a[')).toEqual(['a[b]'])
    expect(await read("a'")).toEqual(["a'"])
    expect(await read('a\uffff')).toEqual(['a\uffff'])
    expect(await read('a😀')).toEqual(['a😀'])
    expect(await read('a')).toEqual(['a', 'a%', 'a%b', "a'", 'a*', 'a[b]', 'a_b', 'ab', 'a\uffff', 'a😀'])
    expect(await read('z\u{10ffff}')).toEqual(['z\u{10ffff}'])
    expect(await read('\u{10ffff}')).toEqual([])
    expect(await read('a', 'a_b')).toEqual(['ab', 'a\uffff', 'a😀'])
    expect(await read('a', 'A')).toHaveLength(10)
    expect(await read('a', 'b')).toEqual([])
    expect(await read('')).toHaveLength(keys.length)
  })

  promised('collections are told apart, and counted', async ({ store }) => {
    await put(store, { collection: 'a', key: 'k1' })
    await put(store, { collection: 'a', key: 'k2' })
    await put(store, { collection: 'A', key: 'k1', value: '"other"' })
    expect(await store.readDocument('A', 'k2')).toBeUndefined()
    expect(await store.readDocument('a', 'k1')).toEqual({ key: 'k1', value: '{}', version: 1 })
    expect((await store.inspect()).documents).toMatchObject({ a: 2, A: 1 })
  })

  promised('a document that expires is there until then', async ({ store, clock }) => {
    await put(store, { key: 'expires', expiresMs: clock.now() + 1_000 })
    await put(store, { key: 'stays' })
    await put(store, { key: 'kept on', expiresMs: clock.now() + 1_000 })
    await put(store, { key: 'kept on', expiresMs: null })
    await clock.advance(999)
    expect(await store.readDocuments({ collection: 'c', limit: 9 })).toHaveLength(3)
    clock.jump(24 * 3_600_000)
    await clock.advance(1_000)
    // After its time the store may delete it when it likes. Until it does, the document is wholly there.
    const found = await store.readDocument('c', 'expires')
    if (found === undefined) await put(store, { key: 'expires', expected: 0 })
    else await refused('VERSION_CONFLICT', put(store, { key: 'expires', expected: 0 }))
    for (const key of ['stays', 'kept on']) expect(await store.readDocument('c', key)).toBeDefined()
  })

  promised('documents outlive the engine', async (fixture) => {
    await put(fixture.store, { value: '1' })
    await put(fixture.store, { value: '2' })
    await fixture.reopen()
    expect(await fixture.store.readDocument('c', 'k')).toEqual({ key: 'k', value: '2', version: 2 })
    await refused('VERSION_CONFLICT', put(fixture.store, { expected: 1 }))
  })
}
