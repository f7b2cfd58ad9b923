import { type Collection, type Document, documentText } from '../delivery/index.ts'
import { validate } from '../event/index.ts'
import type { Store, StoredDocument } from '../store/index.ts'

/** Documents outside of handlers: each write is a unit of its own. */
export class Documents {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  async get<T>(collection: Collection<T>, key: string): Promise<T | undefined> {
    return (await this.read(collection, key))?.value
  }

  async read<T>(collection: Collection<T>, key: string): Promise<Document<T> | undefined> {
    const stored = await this.#store.readDocument(collection.name, key)
    return stored === undefined ? undefined : documentOf(stored)
  }

  /** Documents in the order of their keys, at most `limit` (default 1,000); `after` the last key of a page gives the next. */
  async list<T>(
    collection: Collection<T>,
    options: { readonly prefix?: string; readonly after?: string; readonly limit?: number } = {},
  ): Promise<readonly Document<T>[]> {
    const stored = await this.#store.readDocuments({ limit: 1_000, ...options, collection: collection.name })
    return stored.map((document) => documentOf<T>(document))
  }

  async put<T>(
    collection: Collection<T>,
    key: string,
    value: T,
    options: { readonly expectedVersion?: number } = {},
  ): Promise<void> {
    const checked =
      collection.schema === undefined ? value : await validate(`${collection.name}/${key}`, collection.schema, value)
    await this.#write(collection.name, key, documentText(collection.name, key, checked), options.expectedVersion)
  }

  async delete<T>(
    collection: Collection<T>,
    key: string,
    options: { readonly expectedVersion?: number } = {},
  ): Promise<void> {
    await this.#write(collection.name, key, null, options.expectedVersion)
  }

  async #write(collection: string, key: string, value: string | null, expected: number | undefined): Promise<void> {
    await this.#store.commit({ documents: [{ collection, key, value, expected }] })
  }
}

function documentOf<T>({ key, value, version }: StoredDocument): Document<T> {
  return { key, value: JSON.parse(value) as T, version }
}
