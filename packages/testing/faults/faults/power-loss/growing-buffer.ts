import type { Change } from './content.ts'

/** The content of a file, which is changed in place: copying it for each of thousands of syncs would take seconds. */
export class GrowingBuffer {
  #room: Buffer
  #length: number

  constructor(bytes: Uint8Array = Buffer.alloc(0)) {
    this.#room = Buffer.from(bytes)
    this.#length = bytes.length
  }

  /** What it holds, until the next change. */
  get bytes(): Buffer {
    return this.#room.subarray(0, this.#length)
  }

  apply(changes: readonly Change[]): void {
    for (const change of changes) {
      if (change.type === 'write') {
        const end = change.offset + change.bytes.length
        this.#grow(end)
        change.bytes.copy(this.#room, change.offset)
        this.#length = Math.max(this.#length, end)
      } else {
        this.#grow(change.length)
        // What is cut off must not come back when it grows again.
        this.#room.fill(0, change.length, Math.max(change.length, this.#length))
        this.#length = change.length
      }
    }
  }

  replace(bytes: Buffer): void {
    this.#room = bytes
    this.#length = bytes.length
  }

  #grow(length: number): void {
    if (length <= this.#room.length) return
    const room = Buffer.alloc(2 * length)
    this.#room.copy(room, 0, 0, this.#length)
    this.#room = room
  }
}
