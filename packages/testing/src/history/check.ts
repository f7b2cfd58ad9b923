import { checkDuplicateEffects, checkDuplicates } from './duplicate.ts'
import { checkEarly } from './early.ts'
import type { Finding } from './finding.ts'
import type { History } from './history.ts'
import { checkLost } from './lost.ts'
import { checkLostUpdates } from './lost-update.ts'
import { checkPositions } from './positions.ts'
import { checkOrder } from './reordered.ts'
import { checkSkipped } from './skipped.ts'
import { checkStaleReads } from './stale.ts'
import { checkTorn } from './torn.ts'
import { checkUnexpected } from './unexpected.ts'

/** All checkers, one for each kind of finding. Each takes time in proportion to n log n of what it looks at. */
export const checkers: Readonly<Record<Finding['kind'], (history: History) => readonly Finding[]>> = {
  lost: checkLost,
  duplicate: checkDuplicates,
  'duplicate-effect': checkDuplicateEffects,
  unexpected: checkUnexpected,
  reordered: checkOrder,
  skipped: checkSkipped,
  'non-monotonic': checkPositions,
  stale: checkStaleReads,
  torn: checkTorn,
  'lost-update': checkLostUpdates,
  early: checkEarly,
}

/** Whatever is wrong with the history; nothing, if the list is empty. */
export function checkHistory(history: History): readonly Finding[] {
  return Object.values(checkers).flatMap((check) => check(history))
}
