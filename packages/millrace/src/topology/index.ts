export { assertRoutes, type InboxRoute, isOutbox, type OutboxRoute, type Route, topicsOf } from './route.ts'
export { Topology } from './topology.ts'
