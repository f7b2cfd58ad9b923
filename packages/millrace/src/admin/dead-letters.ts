import { MillraceError } from '../base/index.ts'
import type { Store } from '../store/index.ts'
import type { DeadLetters } from './admin.ts'
import { change, changeAll, keptAt, listKept, requireSubscription } from './kept.ts'

export function deadLettersOf(store: Store): DeadLetters {
  const show: DeadLetters['show'] = async (subscription, position) => {
    await requireSubscription(store, subscription)
    return keptAt(store, subscription, position, 'dead')
  }

  const act = async (kind: 'redrive' | 'discard', name: string, positions: readonly number[] | 'all') => {
    await requireSubscription(store, name)
    if (positions === 'all') return changeAll(store, kind, name, 'dead')
    // The store discards whatever is kept; here it must be a dead letter, and none is touched unless all are.
    for (const position of positions) await keptAt(store, name, position, 'dead')
    return change(store, kind, name, positions)
  }

  return {
    list: (query) => listKept(store, 'dead', query),
    show,
    redrive: (name, positions) => act('redrive', name, positions),
    discard: (name, positions) => act('discard', name, positions),
    edit: async (name, position, data) => {
      const { event } = await show(name, position)
      const text = jsonOf(event.header.type, data)
      await store.commit({ subscriptions: [{ kind: 'edit', name, position, data: text }] })
    },
  }
}

function jsonOf(contract: string, data: unknown): string {
  const refuse = (reason: string, cause?: unknown): MillraceError =>
    new MillraceError('DATA_INVALID', { contract, path: '', reason, issues: 1 }, { cause })
  let text: string | undefined
  try {
    text = JSON.stringify(data)
  } catch (error) {
    throw refuse('cannot be written as JSON', error)
  }
  if (text === undefined) throw refuse('cannot be written as JSON')
  return text
}
