import type { LeaseOwner } from '../store/index.ts'
import type { Plan } from './plan.ts'
import type { Runtime } from './runtime.ts'
import { Subscription } from './subscription.ts'
import { Tenure } from './tenure.ts'

/** The subscription of a service: its deliveries go to the service's handlers. */
export function deliver(plan: Plan, runtime: Runtime, owner: LeaseOwner): Subscription {
  return new Subscription(plan, runtime, owner, (lease, on) => new Tenure(plan, runtime, lease, on))
}
