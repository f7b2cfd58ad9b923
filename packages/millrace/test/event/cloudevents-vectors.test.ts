import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { isMillraceError } from '../../src/base/index.ts'
import { type CloudEvent, decodeCloudEvent, encodeCloudEvent } from '../../src/event/cloudevents-json.ts'
import { isJsonMediaType } from '../../src/event/formats.ts'
import { vectorFiles, vectors, vectorText } from '../vectors.ts'
import { cloudEvents } from './cloudevents-arbitrary.ts'

const folder = 'cloudevents-conformance'
const schema = vectors<object>('cloudevents-spec/cloudevents.json')

/** An event as the conformance samples write it: all values are texts, extensions apart, the data as it would be sent. */
interface Sample {
  readonly ContextAttributes: Readonly<Record<string, string>> & { readonly Extensions?: Record<string, string> }
  readonly Data?: string
}

type Named = readonly [title: string, sample: Sample]

function samplesIn(file: string): readonly Named[] {
  // In YAML's failsafe schema 1.0 stays the text that it is.
  const documents = parseAllDocuments(vectorText(file) ?? '', { schema: 'failsafe' })
  return documents.map((document, n) => [`${file.slice(folder.length + 1)} #${n + 1}`, document.toJS() as Sample])
}

/** The members of the JSON format for a sample; `trim` takes off the line break in which YAML ends a block of text. */
function membersOf({ ContextAttributes, Data = '' }: Sample, trim: (text: string) => string): Record<string, unknown> {
  const { Extensions = {}, ...attributes } = ContextAttributes
  const extensions = Object.entries(Extensions).map(([name, value]) => [name, trim(value)])
  const isJson = isJsonMediaType(attributes.datacontenttype ?? 'application/json')
  return { ...attributes, ...Object.fromEntries(extensions), data: isJson ? JSON.parse(Data) : Data }
}

const trimmed = (text: string): string => text.trimEnd()
const untouched = (text: string): string => text

/** The attribute for which `json` is refused; undefined when it is taken. */
function refused(json: unknown): string | undefined {
  try {
    decodeCloudEvent(json)
  } catch (error) {
    if (isMillraceError(error, 'EVENT_INVALID')) return error.fields.attribute
    throw error
  }
  return undefined
}

const files = vectorFiles(folder)?.filter((file) => file.endsWith('.yaml')) ?? []
const samples = files.flatMap(samplesIn)
const whole = samples.filter(([, { ContextAttributes }]) =>
  ['specversion', 'id', 'source', 'type'].every((name) => ContextAttributes[name] !== undefined),
)
const ofVersion = (version: string): readonly Named[] =>
  whole.filter(([, sample]) => sample.ContextAttributes.specversion === version)

describe.skipIf(files.length === 0)('the samples of the CloudEvents conformance tests', () => {
  it('are 29 events of 1.0, 7 of 0.3, and 11 that are no events but parts to compare with (not applicable)', () => {
    expect([ofVersion('1.0').length, ofVersion('0.3').length, samples.length - whole.length]).toEqual([29, 7, 11])
  })

  it.each(ofVersion('1.0'))('%s is read, written and read the same', (_, sample) => {
    const json = membersOf(sample, trimmed)
    const event = decodeCloudEvent(JSON.stringify(json))
    expect(event).toStrictEqual(json)
    expect(JSON.parse(encodeCloudEvent(event))).toStrictEqual(json)
  })

  it('of 1.0 with an extension that ends in a line break, which no attribute can have, are refused as they are', () => {
    const broken = ofVersion('1.0').filter(([, sample]) =>
      Object.values(sample.ContextAttributes.Extensions ?? {}).some((value) => value.endsWith('\n')),
    )
    expect(broken.length).toBe(23)
    for (const [, sample] of broken) expect(refused(membersOf(sample, untouched))).toBe('comexampleextension2')
  })

  it.each(ofVersion('0.3'))('%s is refused for its version', (_, sample) => {
    expect(refused(membersOf(sample, trimmed))).toBe('specversion')
  })
})

interface Scenario {
  readonly title: string
  readonly texts: readonly string[]
  readonly attributes: Readonly<Record<string, string>>
}

/** The scenarios of a feature file, each with its texts in triple quotes and the table of the attributes to expect. */
function scenariosIn(file: string): readonly Scenario[] {
  const sections = (vectorText(`${folder}/features/${file}`) ?? '').split(/^ *Scenario(?: Outline)?: /m).slice(1)
  return sections.map((section) => {
    const table = /the attributes are:\n((?: *\|.*\n)+)/.exec(section)?.[1] ?? ''
    const rows = [...table.matchAll(/\| *(\S+) *\| *(.+?) *\|/g)].slice(1)
    return {
      title: `${file}: ${section.slice(0, section.indexOf('\n'))}`,
      texts: [...section.matchAll(/"""\n([\s\S]*?)"""/g)].map((match) => match[1] ?? ''),
      attributes: Object.fromEntries(rows.map(([, name = '', value = '']) => [name, value])),
    }
  })
}

const features = vectorFiles(`${folder}/features`) ?? []
const scenarios = features.flatMap((file) => scenariosIn(file.slice(file.lastIndexOf('/') + 1)))
const structured = scenarios.filter(({ title }) => title.includes('Structured'))
const binary = scenarios.filter(({ title }) => title.includes('Binary'))

describe.skipIf(scenarios.length === 0)('the scenarios of the CloudEvents conformance tests', () => {
  it('are two with content in the JSON format and two without', () => {
    expect([structured.length, binary.length, scenarios.length]).toEqual([2, 2, 4])
  })

  it.each(structured.map((scenario) => [scenario.title, scenario] as const))('%s', (_, scenario) => {
    const {
      texts: [message = '', data = ''],
      attributes,
    } = scenario
    // A message of HTTP begins with its headers; they are for the binding to read.
    const event = decodeCloudEvent(message.slice(message.indexOf('{')))
    expect(Object.keys(attributes).length).toBe(6)
    expect(event).toStrictEqual({ ...attributes, data: JSON.parse(data) })
  })

  it.skip.each(binary.map(({ title }) => title))(
    "%s: is for the protocol's binding, as its content is not in the JSON format",
    () => {},
  )
})

describe.skipIf(schema === undefined || files.length === 0)('the JSON Schema of CloudEvents', () => {
  const ajv = new Ajv({ allowUnionTypes: true })
  formats.default(ajv)
  const validate = ajv.compile(schema ?? {})
  const least = { specversion: '1.0', id: 'e-1', source: '/shop', type: 'shop.order.requested' } as const

  const written: readonly CloudEvent[] = [
    ...ofVersion('1.0').map(([, sample]) => decodeCloudEvent(membersOf(sample, trimmed))),
    least,
    { ...least, data: null, time: '1990-12-31T15:59:60-08:00', subject: 's', dataschema: 'urn:a:b#c', dataversion: 2 },
    {
      ...least,
      datacontenttype: 'image/png',
      data: new Uint8Array([1, 2, 3]),
      flag: true,
      expirytime: '2030-01-01T00:00:00Z',
    },
  ]

  it('takes each of 32 events as they are written', () => {
    expect(written.length).toBe(32)
    for (const event of written) {
      validate(JSON.parse(encodeCloudEvent(event)))
      expect(validate.errors).toBeNull()
    }
  })

  it('takes any event as it is written', () => {
    fc.assert(
      fc.property(cloudEvents, (event) => {
        validate(JSON.parse(encodeCloudEvent(event)))
        expect(validate.errors).toBeNull()
      }),
    )
  })

  const broken: readonly (readonly [string, unknown])[] = [
    ['id', ''],
    ['id', 1],
    ['source', 'a b'],
    ['source', ''],
    ['type', undefined],
    ['time', '2023-02-29T00:00:00Z'],
    ['subject', ''],
    ['subject', true],
    ['dataschema', 'relative'],
    ['datacontenttype', ''],
    ['data_base64', 3],
  ]
  it.each(broken)('refuses %s as %j, and so does Millrace', (attribute, value) => {
    const json = { ...least, [attribute]: value }
    expect(validate(json)).toBe(false)
    expect(refused(json)).toBe(attribute)
  })
})
