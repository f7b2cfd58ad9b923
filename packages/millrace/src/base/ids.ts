import { randomFillSync } from 'node:crypto'
import type { Clock } from './clock.ts'

/** Makes identifiers that sort by the time they were made. */
export type NewId = () => string

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
const poolBytes = 8192

/**
 * UUID version 7 (RFC 9562, section 5.7): 48 bits of milliseconds, a 12-bit counter that keeps ids of one millisecond in
 * order, and 62 random bits. Ids of one maker never go backwards, also when the clock does.
 */
export function uuidv7(clock: Clock): NewId {
  const pool = Buffer.alloc(poolBytes)
  let used = poolBytes
  let lastMs = 0
  let counter = 0
  let prefix = ''
  return () => {
    const now = clock.now()
    if (now > lastMs) {
      lastMs = now
      counter = 0
      prefix = ''
    } else if (++counter > 0xfff) {
      lastMs++
      counter = 0
      prefix = ''
    }
    if (prefix === '') {
      const time = lastMs.toString(16).padStart(12, '0')
      prefix = `${time.slice(0, 8)}-${time.slice(8)}-7`
    }
    if (used + 8 > poolBytes) {
      randomFillSync(pool)
      used = 0
    }
    const p = used
    used += 8
    return (
      `${prefix}${hex[counter >> 8]![1]}${hex[counter & 0xff]}-` +
      `${hex[(pool[p]! & 0x3f) | 0x80]}${hex[pool[p + 1]!]}-` +
      `${hex[pool[p + 2]!]}${hex[pool[p + 3]!]}${hex[pool[p + 4]!]}${hex[pool[p + 5]!]}${hex[pool[p + 6]!]}${hex[pool[p + 7]!]}`
    )
  }
}
