import fc from 'fast-check'
import type { CloudEvent } from '../../src/event/cloudevents.ts'

const attributeText = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
const name = fc
  .string({ unit: fc.constantFrom(...'abcxyz019'), minLength: 1, maxLength: 20 })
  .filter((text) => text !== 'data')
const time = fc
  .date({ min: new Date('0000-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
  .map((date) => date.toISOString())
const extensions = fc.dictionary(
  name,
  fc.oneof(fc.boolean(), fc.integer(), fc.string({ unit: 'grapheme', maxLength: 20 })),
  { maxKeys: 5, noNullPrototype: true },
)
const content = fc.oneof(
  fc.record({ data: fc.jsonValue() }),
  fc.record({ data: fc.jsonValue(), datacontenttype: fc.constantFrom('application/json', 'text/x+json; a=b') }),
  fc.record({
    data: fc.string({ unit: 'binary' }),
    datacontenttype: fc.constantFrom('text/plain', 'application/xml'),
  }),
  fc.record({ data: fc.uint8Array(), datacontenttype: fc.constantFrom('image/png', 'application/json') }),
  fc.constant({}),
)
const core = fc.record(
  {
    specversion: fc.constant('1.0' as const),
    id: attributeText,
    source: fc.webUrl({ withQueryParameters: true, withFragments: true }),
    type: attributeText,
    time,
    subject: attributeText,
    expirytime: time,
    dataversion: fc.integer({ min: 1 }),
  },
  { requiredKeys: ['specversion', 'id', 'source', 'type'], noNullPrototype: true },
)
/** CloudEvents 1.0 with every kind of attribute, and with JSON, text, binary or no data. */
export const cloudEvents: fc.Arbitrary<CloudEvent> = fc
  .tuple(extensions, core, content)
  .map(([more, attributes, rest]) => ({ ...more, ...attributes, ...rest }) as CloudEvent)
