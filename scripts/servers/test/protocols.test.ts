import { describe, expect, test } from 'vitest'
import { javaMajor, kafkaFor } from '../kafka-jars.ts'
import { canSyncAlways } from '../nats.ts'
import { messagesIn, readGreeting } from '../postgres.ts'
import { versionIn } from '../rabbitmq.ts'

/** A message of PostgreSQL's protocol: type, length with itself, body. */
function message(type: string, body: Buffer | string): Buffer {
  const bytes = Buffer.from(body)
  const head = Buffer.alloc(5)
  head.write(type)
  head.writeInt32BE(bytes.length + 4, 1)
  return Buffer.concat([head, bytes])
}

const authentication = (kind: number): Buffer => {
  const body = Buffer.alloc(4)
  body.writeInt32BE(kind)
  return message('R', body)
}

describe('PostgreSQL', () => {
  const welcome = Buffer.concat([
    authentication(0),
    message('S', 'client_encoding\0UTF8\0'),
    message('S', 'server_version\x0015.13 (Debian 15.13-0+deb12u1)\0'),
    message('Z', 'I'),
  ])

  test('tells its version when it lets us in', () => {
    expect(readGreeting(welcome)).toEqual({ version: '15.13' })
  })

  test('a message that has not come whole is not read', () => {
    expect(messagesIn(welcome.subarray(0, welcome.length - 1)).map(({ type }) => type)).toEqual(['R', 'S', 'S'])
    expect(messagesIn(welcome.subarray(0, 3))).toEqual([])
  })

  test('that asks for a password cannot be used as it is', () => {
    const scram = 10
    expect(readGreeting(authentication(scram))?.problem).toMatch(/password/)
  })

  test('that refuses says why', () => {
    const refusal = message('E', 'SFATAL\0C28000\0Mrole "postgres" does not exist\0\0')
    expect(readGreeting(refusal)?.problem).toMatch(/role "postgres" does not exist/)
  })

  test('that is starting up does not answer yet', () => {
    expect(readGreeting(message('E', 'SFATAL\0C57P03\0Mthe database system is starting up\0\0'))).toBeUndefined()
  })
})

test('RabbitMQ tells its version in connection.start', () => {
  const table = Buffer.concat([
    Buffer.from('\x07productS\0\0\0\x08RabbitMQ', 'latin1'),
    Buffer.from('\x07versionS\0\0\0\x063.10.8', 'latin1'),
  ])
  expect(versionIn(table)).toBe('3.10.8')
  expect(versionIn(Buffer.from('HTTP/1.1 400 Bad Request'))).toBeUndefined()
})

test.each([
  ['2.9.10', false],
  ['2.10.0', true],
  ['2.12.1', true],
  ['3.0.0', true],
])('nats-server %s can sync each message: %s', (version, can) => {
  expect(canSyncAlways(version)).toBe(can)
})

describe('Kafka', () => {
  test.each([
    ['openjdk version "17.0.15" 2025-04-15', 17],
    ['openjdk version "21" 2023-09-19', 21],
    ['java version "1.8.0_392"', 8],
    ['no Java at all', undefined],
  ])('the Java of `%s`', (text, major) => {
    expect(javaMajor(text)).toBe(major)
  })

  test('takes the newest version that the Java runs', () => {
    expect(kafkaFor(21)).toMatch(/^4\./)
    expect(kafkaFor(17)).toMatch(/^4\./)
    expect(kafkaFor(11)).toMatch(/^3\.9\./)
  })

  test.each([8, undefined])('says what to install for Java %s', (java) => {
    expect(() => kafkaFor(java)).toThrow(/apt-get install openjdk/)
  })
})
