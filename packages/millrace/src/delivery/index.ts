export { type Collection, collection, type Document, documentText } from './collection.ts'
export { deliver } from './deliver.ts'
export type { ErrorAction, OnError } from './failure/action.ts'
export {
  byError,
  type ExponentialOptions,
  exponential,
  fixed,
  immediate,
  noRetry,
  type RetryDecision,
  type RetryPolicy,
} from './failure/retry.ts'
export { Turns } from './failure/turns.ts'
export type {
  AppendOptions,
  Handler,
  HandlerContext,
  HandlerDocuments,
  HandlerOptions,
  Middleware,
  PublishOptions,
  Rows,
} from './handler.ts'
export { tell } from './observe.ts'
export { type Plan, planOf } from './plan.ts'
export type { Runtime } from './runtime.ts'
export { type Dispatch, type Route, type Service, type ServiceOptions, service } from './service.ts'
export {
  Subscription,
  type SubscriptionPhase,
  type SubscriptionPlan,
  type TenureWork,
} from './subscription.ts'
export type { Lease, TenureEvents } from './tenure.ts'
export { isThenable } from './thenable.ts'
export { assertAlive, datedBy, dueOf, isChosen, timerIdOf } from './times.ts'
export { Watchdog } from './watchdog.ts'
export { withFailure } from './work.ts'
