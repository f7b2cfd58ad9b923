export type {
  Admin,
  DeadLetters,
  KeptListing,
  Parked,
  PublishedContract,
  Replayed,
  ReplayRange,
  TailOptions,
  Timers,
} from './admin.ts'
export { contractCollection } from './contracts.ts'
export { admin } from './over-store.ts'
