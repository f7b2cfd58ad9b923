import type { Store, StoredDocument } from '../store/index.ts'
import type { PublishedContract } from './admin.ts'

/** The registry: every contract version that was ever in use on the store, a document each, oldest version first. */
export const contractCollection = '_millrace.contracts'

const pageSize = 1_000

export async function contractsOf(store: Store): Promise<readonly PublishedContract[]> {
  const newest = new Map<string, PublishedContract>()
  for (let page: readonly StoredDocument[] = []; ; ) {
    const after = page.at(-1)?.key
    page = await store.readDocuments({
      collection: contractCollection,
      limit: pageSize,
      ...(after === undefined ? {} : { after }),
    })
    for (const { value } of page) {
      const contract = JSON.parse(value) as PublishedContract
      if (contract.version >= (newest.get(contract.name)?.version ?? 0)) newest.set(contract.name, contract)
    }
    if (page.length < pageSize) break
  }
  return [...newest.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}
