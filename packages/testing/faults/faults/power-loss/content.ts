/** Something done to a file since it was synced last. A crash may find it on the disk, or not, or a part of it. */
export type Change =
  | { readonly type: 'write'; readonly offset: number; readonly bytes: Buffer }
  | { readonly type: 'truncate'; readonly length: number }

/** How much of the changes reached the disk. */
export interface Reached {
  /** The unit that the disk wrote whole, in octets. */
  readonly blockBytes: number
  /** How many of the changes, counted from the first, a block has seen. */
  block(number: number): number
  /** How many of the changes the length of the file has seen. */
  readonly length: number
}

/** Everything reached the disk. */
export const all = (changes: readonly Change[]): Reached => ({
  blockBytes: 4096,
  block: () => changes.length,
  length: changes.length,
})

/**
 * What a file holds of which each block, and the length, has seen the first so many of the changes: a block on the disk is a
 * copy of what the block in memory was at some moment. Octets of a block that a change does not name stay what they are.
 */
export function contentAt(durable: Buffer, changes: readonly Change[], reached: Reached): Buffer {
  const length = lengthAfter(durable.length, changes.slice(0, reached.length))
  const content = Buffer.alloc(length)
  content.set(durable.subarray(0, length))
  const { blockBytes } = reached
  for (const [number, indices] of touched(durable.length, changes, blockBytes)) {
    const start = number * blockBytes
    if (start >= length) continue
    const version = reached.block(number)
    const block = Buffer.alloc(blockBytes)
    block.set(durable.subarray(start, start + blockBytes))
    for (const index of indices) if (index < version) apply(block, start, changes[index]!)
    content.set(block.subarray(0, length - start), start)
  }
  return content
}

/** The length of a file after some changes. */
function lengthAfter(length: number, changes: readonly Change[]): number {
  for (const change of changes) {
    length = change.type === 'truncate' ? change.length : Math.max(length, change.offset + change.bytes.length)
  }
  return length
}

/** The blocks that changes touch, each with the indices of these changes. */
export function touched(
  length: number,
  changes: readonly Change[],
  blockBytes: number,
): ReadonlyMap<number, readonly number[]> {
  const blocks = new Map<number, number[]>()
  let longest = length
  for (const [index, change] of changes.entries()) {
    const start = change.type === 'write' ? change.offset : change.length
    const end = change.type === 'write' ? change.offset + change.bytes.length : longest
    longest = Math.max(longest, end)
    for (let number = Math.floor(start / blockBytes); number * blockBytes < end; number++) {
      const indices = blocks.get(number)
      if (indices === undefined) blocks.set(number, [index])
      else indices.push(index)
    }
  }
  return blocks
}

function apply(block: Buffer, start: number, change: Change): void {
  if (change.type === 'truncate') {
    block.fill(0, Math.max(0, change.length - start))
    return
  }
  const skipped = Math.max(0, start - change.offset)
  const at = Math.max(0, change.offset - start)
  block.set(change.bytes.subarray(skipped, skipped + block.length - at), at)
}
