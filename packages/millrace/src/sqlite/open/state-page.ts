// How SQLite keeps the rows of millrace_state in a page: https://www.sqlite.org/fileformat2.html, sections 1.6 and 2.1.

const indexLeaf = 0x0a
/** More rows than the table ever has. */
const mostRows = 20
/** Octets of the integers of the serial types 0 to 6. */
const integerBytes = [0, 1, 2, 3, 4, 6, 8] as const

/**
 * The rows of a small table of names and whole numbers WITHOUT ROWID, read from its only page; undefined when the page is no such
 * page. For pages that no connection shows: those in a write-ahead log, before and after what SQLite takes from it.
 */
export function readStatePage(page: Buffer): ReadonlyMap<string, number> | undefined {
  if (page[0] !== indexLeaf || page.readUInt16BE(3) > mostRows) return undefined
  const rows = new Map<string, number>()
  const cells = page.readUInt16BE(3)
  try {
    for (let cell = 0; cell < cells; cell++) {
      const row = readCell(page, page.readUInt16BE(8 + 2 * cell))
      if (row === undefined) return undefined
      rows.set(...row)
    }
  } catch (error) {
    // A pointer out of the page: it holds something else.
    if (error instanceof RangeError) return undefined
    throw error
  }
  return rows
}

function readCell(page: Buffer, at: number): readonly [string, number] | undefined {
  const [, record] = readVarint(page, at)
  const [headerBytes, types] = readVarint(page, record)
  const [nameType, next] = readVarint(page, types)
  const [valueType] = readVarint(page, next)
  if (nameType < 13 || nameType % 2 === 0) return undefined
  const nameAt = record + headerBytes
  const valueAt = nameAt + (nameType - 13) / 2
  const value = readInteger(page, valueAt, valueType)
  return value === undefined ? undefined : [page.toString('utf8', nameAt, valueAt), value]
}

function readInteger(page: Buffer, at: number, type: number): number | undefined {
  if (type === 8 || type === 9) return type - 8
  const bytes = integerBytes[type]
  if (bytes === undefined) return undefined
  if (bytes === 8) return Number(page.readBigInt64BE(at))
  return bytes === 0 ? undefined : page.readIntBE(at, bytes)
}

/** A number of 1 to 9 octets, and where the next octet is. Those of 9 are none that is met here. */
function readVarint(page: Buffer, at: number): readonly [value: number, next: number] {
  let value = 0
  for (let index = at; index < at + 8; index++) {
    const octet = page.readUInt8(index)
    value = value * 128 + (octet & 0x7f)
    if (octet < 0x80) return [value, index + 1]
  }
  throw new RangeError('a varint of 9 octets')
}
