export { checkers, checkHistory } from './check.ts'
export type { Finding, FindingKind } from './finding.ts'
export type {
  Detour,
  Effect,
  History,
  HistoryMessage,
  HistorySubscription,
  KeptAside,
  LoggedMessage,
  Operation,
  Outcome,
  Reader,
  Wait,
} from './history.ts'
export { type Answered, type HistoryRecorder, type Invocation, recordHistory } from './recorder.ts'
