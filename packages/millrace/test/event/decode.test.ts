import { expect, test } from 'vitest'
import { decodeEvent } from '../../src/event/index.ts'

const encoded = {
  header: { topic: 't', type: 't', version: 1, source: 's' },
  id: 'id-1',
  key: null,
  timeMs: 0,
  expiresMs: null,
  attributes: null,
  data: '{"a":1}',
}

test.for([
  ['data', { data: '{"a":1' }],
  ['attributes', { attributes: '{"a":1' }],
] as const)('%s that are no JSON any more are told as such', ([, change]) => {
  expect(decodeEvent(encoded).data).toEqual({ a: 1 })
  expect(() => decodeEvent({ ...encoded, ...change })).toThrow(
    expect.objectContaining({
      code: 'EVENT_UNREADABLE',
      fields: { type: 't', id: 'id-1' },
      cause: expect.any(SyntaxError),
    }),
  )
})
