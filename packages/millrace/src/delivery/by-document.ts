/** A document that was written, with what identifies it and the version it had before. */
export class PendingDocument {
  readonly collection: string
  readonly key: string
  /** Null: it was deleted. */
  readonly value: string | null
  /** The version on which the write depends; undefined where it was written without having been read. */
  readonly expected: number | undefined
  readonly expiresMs: number | null

  constructor(
    collection: string,
    key: string,
    value: string | null,
    expected: number | undefined,
    expiresMs: number | null,
  ) {
    this.collection = collection
    this.key = key
    this.value = value
    this.expected = expected
    this.expiresMs = expiresMs
  }

  /** The same write, depending on another version. */
  on(expected: number | undefined): PendingDocument {
    return new PendingDocument(this.collection, this.key, this.value, expected, this.expiresMs)
  }
}

/** Something of many documents, by collection and key. Most handlers touch one: no map is made for that. */
export class ByDocument<T extends { readonly collection: string; readonly key: string }> {
  #one: T | undefined
  #many: Map<string, Map<string, T>> | undefined

  get(collection: string, key: string): T | undefined {
    if (this.#many !== undefined) return this.#many.get(collection)?.get(key)
    const one = this.#one
    return one !== undefined && one.key === key && one.collection === collection ? one : undefined
  }

  set(item: T): void {
    if (this.#many === undefined) {
      const one = this.#one
      if (one === undefined || (one.key === item.key && one.collection === item.collection)) {
        this.#one = item
        return
      }
      this.#many = new Map()
      this.#one = undefined
      this.#put(this.#many, one)
    }
    this.#put(this.#many, item)
  }

  #put(many: Map<string, Map<string, T>>, item: T): void {
    let keys = many.get(item.collection)
    if (keys === undefined) {
      keys = new Map()
      many.set(item.collection, keys)
    }
    keys.set(item.key, item)
  }

  /** The one that there is, if there is no other. */
  get only(): T | undefined {
    return this.#one
  }

  all(): T[] {
    if (this.#many === undefined) return this.#one === undefined ? [] : [this.#one]
    const all: T[] = []
    for (const keys of this.#many.values()) for (const item of keys.values()) all.push(item)
    return all
  }
}
