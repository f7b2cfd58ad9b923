export { assertRoutes, type InboxRoute, leavingTopics, type OutboxRoute, type Route } from './route.ts'
export { Topology } from './topology.ts'
