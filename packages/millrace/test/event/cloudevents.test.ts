import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isMillraceError } from '../../src/base/index.ts'
import { assertAttribute, assertAttributes } from '../../src/event/cloudevents.ts'
import {
  type CloudEvent,
  decodeCloudEvent,
  decodeCloudEventBatch,
  encodeCloudEvent,
  encodeCloudEventBatch,
} from '../../src/event/cloudevents-json.ts'
import type { Event } from '../../src/event/event.ts'
import { cloudEvents } from './cloudevents-arbitrary.ts'

const least = { specversion: '1.0', id: 'e-1', source: '/shop', type: 'shop.order.requested' } as const

/** The fields of the EVENT_INVALID error that `act` throws; undefined when it throws none. */
function refusal(act: () => unknown): { attribute: string; reason: string } | undefined {
  try {
    act()
  } catch (error) {
    if (isMillraceError(error, 'EVENT_INVALID')) return error.fields
    throw error
  }
  return undefined
}

describe('attributes', () => {
  const legal: readonly (readonly [string, unknown])[] = [
    ['id', '🌎'],
    ['source', 'urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66'],
    ['source', 'https://user@[2001:db8::7]:8080/a%20b?c=/d#e'],
    ['source', '1-555-123-4567'],
    ['source', 'mailto:someone@example.com'],
    ['source', '//example.com'],
    ['time', '2024-02-29T23:59:60Z'],
    ['time', '1990-12-31T15:59:60.25-08:00'],
    ['time', '0001-01-01t00:00:00.123456789+23:59'],
    ['time', '2000-02-29T00:00:00z'],
    ['datacontenttype', 'multipart/form-data; boundary="a b\\"c"; charset=utf-8'],
    ['datacontenttype', 'application/vnd.example.v1+json'],
    ['dataschema', 'https://example.com/order.json#/definitions/order'],
    ['dataversion', 3],
    ['tracestate', ''],
    ['expirytime', '2030-01-01T00:00:00Z'],
    ['anextensionwithaverylongname1', ''],
    ['constructor', 'a name like any other'],
    ['flag', false],
    ['count', -(2 ** 31)],
    ['unset', undefined],
  ]
  it.each(legal)('%s may be %j', (name, value) => {
    expect(refusal(() => assertAttribute(name, value))).toBeUndefined()
  })

  const timeReason = 'must be an RFC 3339 time with its offset, as in 2026-04-05T17:31:00Z'
  const sourceReason = 'must be a URI or a relative reference (RFC 3986)'
  const characterReason = 'has a control character, a lone surrogate or a noncharacter'
  const extensionReason = 'must be a string, a whole number or a boolean; write a time as RFC 3339 and bytes as base64'
  const illegal: readonly (readonly [string, unknown, string])[] = [
    ['id', '', 'must not be empty'],
    ['id', 7, 'must be a string'],
    ['id', 'a\nb', characterReason],
    ['subject', '\ud800', characterReason],
    ['subject', '\ufdd0', characterReason],
    ['source', 'a b', sourceReason],
    ['source', '1a:b', sourceReason],
    ['source', '/100%', sourceReason],
    ['source', '/a#b#c', sourceReason],
    ['source', '/größe', sourceReason],
    ['time', '2023-02-29T00:00:00Z', timeReason],
    ['time', '1900-02-29T00:00:00Z', timeReason],
    ['time', '2024-04-31T00:00:00Z', timeReason],
    ['time', '2024-13-01T00:00:00Z', timeReason],
    ['time', '2024-01-01T24:00:00Z', timeReason],
    ['time', '2024-01-01T12:00:60Z', timeReason],
    ['time', '2024-01-01T00:00:00', timeReason],
    ['time', '2024-01-01 00:00:00Z', timeReason],
    ['time', '2024-01-01T00:00:00+24:00', timeReason],
    ['time', '2024-01-01', timeReason],
    ['time', new Date(), 'must be a string'],
    ['expirytime', 'tomorrow', timeReason],
    ['datacontenttype', 'json', 'must be a media type (RFC 2045)'],
    ['datacontenttype', 'text/plain; charset', 'must be a media type (RFC 2045)'],
    ['dataschema', '/order.json', 'must be a URI (RFC 3986)'],
    ['dataversion', '2', 'must be a whole number of 32 bits'],
    ['dataversion', 0, 'must be 1 or more'],
    ['count', 2 ** 31, 'must be a whole number of 32 bits'],
    ['count', 1.5, 'must be a whole number of 32 bits'],
    ['count', Number.NaN, 'must be a whole number of 32 bits'],
    ['count', 1n, extensionReason],
    ['tags', ['a'], extensionReason],
    ['nothing', null, extensionReason],
    ['bytes', new Uint8Array(2), extensionReason],
    ['symbol', Symbol('a'), extensionReason],
    ['orderId', 'o-1', 'is no attribute name: lower-case letters and digits alone are'],
    ['__proto__', 'x', 'is no attribute name: lower-case letters and digits alone are'],
    ['', 'x', 'is no attribute name: lower-case letters and digits alone are'],
    ['data', 'x', 'is no attribute'],
  ]
  it.each(illegal)('%s cannot be %o: it %s', (name, value, reason) => {
    expect(refusal(() => assertAttribute(name, value))).toEqual({ attribute: name, reason })
  })

  it('that a publisher adds are extensions', () => {
    expect(refusal(() => assertAttributes({ tenant: 'a', retries: 2, test: true, absent: undefined }))).toBeUndefined()
    for (const name of ['id', 'source', 'specversion', 'time', 'dataversion', 'causationid', 'data', '__proto__']) {
      expect(refusal(() => assertAttributes({ [name]: '1.0' }))?.attribute).toBe(name)
    }
    expect(refusal(() => assertAttributes({ tenant: null }))?.attribute).toBe('tenant')
  })

  it('of a length to swamp a log are cut in the error', () => {
    expect(refusal(() => assertAttribute('A'.repeat(1e6), 1))?.attribute).toBe('A'.repeat(80))
  })
})

describe('decoding', () => {
  it('takes text or what was parsed from it', () => {
    const event = { ...least, time: '2026-01-02T03:04:05Z', tenant: 'a', retries: 3, data: { total: 7 } }
    expect(decodeCloudEvent(JSON.stringify(event))).toEqual(event)
    expect(decodeCloudEvent(event)).toEqual(event)
  })

  it('leaves absent what is absent, and takes null for unset except as data', () => {
    expect(Object.keys(decodeCloudEvent({ ...least, subject: null, time: null, data_base64: null }))).toEqual(
      Object.keys(least),
    )
    expect(decodeCloudEvent({ ...least, data: null })).toEqual({ ...least, data: null })
  })

  it('reads a string as data by its content type', () => {
    for (const datacontenttype of ['application/json', 'text/plain', 'application/xml; charset=utf-8']) {
      const event = { ...least, datacontenttype, data: '{"a":1}' }
      expect(decodeCloudEvent(event).data).toBe('{"a":1}')
    }
  })

  it.each([
    ['application/json', true],
    ['text/JSON; charset=utf-8', true],
    ['application/vnd.example+json ;a=b', true],
    ['application/json-seq', false],
    ['application/jsonlines', false],
    ['application/xjson', false],
    ['application/xml; a="/json"', false],
  ])('takes data of %s for JSON: %s', (datacontenttype, isJson) => {
    expect(refusal(() => decodeCloudEvent({ ...least, datacontenttype, data: {} }))?.attribute).toBe(
      isJson ? undefined : 'data',
    )
  })

  it('gives binary data as bytes', () => {
    const { data } = decodeCloudEvent({ ...least, datacontenttype: 'image/png', data_base64: '+/8A' })
    expect(data).toStrictEqual(new Uint8Array([0xfb, 0xff, 0]))
  })

  const wrong: readonly (readonly [string, unknown, string, string])[] = [
    ['version 0.3', { ...least, specversion: '0.3' }, 'specversion', "is '0.3', and only '1.0' is understood"],
    ['another 0.3', { specversion: '0.3', orderId: 1 }, 'specversion', "is '0.3', and only '1.0' is understood"],
    ['version 1.0 as a number', { ...least, specversion: 1 }, 'specversion', 'must be a string'],
    ['no version', { id: '1' }, 'specversion', 'is missing'],
    ['null as a required attribute', { ...least, type: null }, 'type', 'is missing'],
    ['both kinds of data', { ...least, data: 1, data_base64: '' }, 'data_base64', 'must not stand beside `data`'],
    ['data that its type does not fit', { ...least, datacontenttype: 'text/plain', data: 1 }, 'data', 'must be a str'],
    ['an array', [least], 'event', 'must be a JSON object'],
    ['null', null, 'event', 'must be a JSON object'],
    ['nothing', undefined, 'event', 'must be a JSON object'],
    ['a JSON string', '"1.0"', 'event', 'must be a JSON object'],
    ['half an event', '{"id":', 'JSON', 'cannot be parsed: '],
    ...['Zm9', 'Zm9v ', 'Zm-v', 'Zm9=', 7, {}].map(
      (base64) =>
        [`base64 ${base64}`, { ...least, data_base64: base64 }, 'data_base64', 'must be a string of '] as const,
    ),
  ]
  it.each(wrong)('refuses %s', (_, json, attribute, reason) => {
    expect(refusal(() => decodeCloudEvent(json))).toEqual({ attribute, reason: expect.stringContaining(reason) })
  })

  it('leaves prototypes alone', () => {
    const json = JSON.stringify(least).slice(0, -1)
    expect(refusal(() => decodeCloudEvent(`${json},"__proto__":{"polluted":true}}`))?.attribute).toBe('__proto__')
    const event = decodeCloudEvent(`${json},"constructor":"x","data":{"__proto__":{"polluted":true}}}`)
    expect(event).toMatchObject({ constructor: 'x' })
    expect(Object.getPrototypeOf(event)).toBe(Object.prototype)
    expect(Object.getPrototypeOf(event.data)).toBe(Object.prototype)
    expect(event).not.toHaveProperty('polluted')
    expect(event.data).not.toHaveProperty('polluted')
    expect(encodeCloudEvent(event)).toContain('"data":{"__proto__":{"polluted":true}}')
  })
})

describe('encoding', () => {
  it('writes attributes and data as members of one object', () => {
    const event: Event<{ total: number }> = {
      ...least,
      time: '2026-01-02T03:04:05Z',
      dataversion: 2,
      data: { total: 7 },
    }
    expect(encodeCloudEvent(event)).toBe(
      '{"specversion":"1.0","id":"e-1","source":"/shop","type":"shop.order.requested",' +
        '"time":"2026-01-02T03:04:05Z","dataversion":2,"data":{"total":7}}',
    )
    expect(encodeCloudEvent({ ...least, subject: undefined } as unknown as CloudEvent)).toBe(JSON.stringify(least))
  })

  it('writes the bytes of a view alone', () => {
    const view = new Uint8Array([1, 2, 3, 4]).subarray(1, 3)
    expect(JSON.parse(encodeCloudEvent({ ...least, data: view }))).toEqual({ ...least, data_base64: 'AgM=' })
  })

  const cycle: { self?: unknown } = {}
  cycle.self = cycle
  const wrong: readonly (readonly [string, object, string, string])[] = [
    ['a missing attribute', { id: '' }, 'id', 'must not be empty'],
    ['an attribute of a type that it has not', { tags: [] }, 'tags', 'must be a string, a whole number or a boolean'],
    ['a name with capitals', { orderId: 'o-1' }, 'orderId', 'is no attribute name'],
    ['a member of the format', { data_base64: 'AgM=' }, 'data_base64', 'is no attribute name'],
    ['a cycle', { data: cycle }, 'data', 'cannot be written as JSON'],
    ['a bigint', { data: { total: 1n } }, 'data', 'cannot be written as JSON'],
    ['a function', { data: () => 1 }, 'data', 'cannot be written as JSON'],
    ['another kind of bytes', { data: new Uint16Array(2) }, 'data', 'must be a Uint8Array'],
    ['a buffer', { data: new ArrayBuffer(2) }, 'data', 'must be a Uint8Array'],
    ['an object as text', { datacontenttype: 'text/plain', data: {} }, 'data', 'must be a string or binary'],
  ]
  it.each(wrong)('refuses %s', (_, part, attribute, reason) => {
    expect(refusal(() => encodeCloudEvent({ ...least, ...part }))).toEqual({
      attribute,
      reason: expect.stringContaining(reason),
    })
  })
})

describe('a batch', () => {
  it('is an array of events, also of none', () => {
    const events = [{ ...least, data: 'a' }, least, { ...least, id: 'e-2', data: new Uint8Array([1]) }]
    expect(decodeCloudEventBatch(encodeCloudEventBatch(events))).toEqual(events)
    expect(decodeCloudEventBatch('[]')).toEqual([])
    expect(encodeCloudEventBatch([])).toBe('[]')
  })

  it('says which event is wrong', () => {
    const wrong = { ...least, source: '' }
    expect(refusal(() => decodeCloudEventBatch([least, wrong]))?.attribute).toBe('[1].source')
    expect(refusal(() => encodeCloudEventBatch([least, least, wrong]))?.attribute).toBe('[2].source')
    expect(refusal(() => decodeCloudEventBatch([JSON.stringify(least)]))?.attribute).toBe('[0].event')
    expect(refusal(() => decodeCloudEventBatch(least))?.attribute).toBe('batch')
    expect(refusal(() => decodeCloudEventBatch('['))?.attribute).toBe('JSON')
  })
})

describe('the way there and back', () => {
  /** JSON knows no negative zero. */
  const asJson = (event: CloudEvent): CloudEvent =>
    event.data === undefined || event.data instanceof Uint8Array
      ? event
      : { ...event, data: JSON.parse(JSON.stringify(event.data)) }

  it('changes nothing', () => {
    fc.assert(
      fc.property(cloudEvents, (event) => {
        expect(decodeCloudEvent(encodeCloudEvent(event))).toStrictEqual(asJson(event))
      }),
    )
  })

  it('changes nothing in batches', () => {
    fc.assert(
      fc.property(fc.array(cloudEvents, { maxLength: 4 }), (batch) => {
        expect(decodeCloudEventBatch(encodeCloudEventBatch(batch))).toStrictEqual(batch.map(asJson))
      }),
    )
  })

  it('gives an event or EVENT_INVALID for any JSON value, and writes back what it took', () => {
    const names = fc.constantFrom(
      'specversion',
      'id',
      'source',
      'type',
      'time',
      'data',
      'data_base64',
      '__proto__',
      'A',
    )
    const anything = fc
      .tuple(fc.dictionary(names, fc.oneof(fc.jsonValue(), fc.constant('AgM=')), { maxKeys: 4 }), fc.boolean())
      .map(([members, valid]) => (valid ? { ...members, ...least } : members))
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), anything), (json) => {
        let event: CloudEvent | undefined
        const fields = refusal(() => {
          event = decodeCloudEvent(JSON.stringify(json))
        })
        if (event === undefined) expect(fields).toBeDefined()
        else expect(decodeCloudEvent(encodeCloudEvent(event))).toEqual(event)
      }),
      { numRuns: 1000 },
    )
  })
})
