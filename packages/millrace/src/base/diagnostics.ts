import { type Channel, channel } from 'node:diagnostics_channel'

/** The stages of an event's way that publish to `diagnostics_channel`, each as `millrace:<stage>`. */
export const stages = [
  'publish',
  'commit',
  'deliver',
  'handle',
  'settle',
  'retry',
  'dead-letter',
  'drop',
  'wake',
] as const

export type Stage = (typeof stages)[number]

/** One channel a stage. A publisher asks `hasSubscribers` first, so that a channel nobody listens to costs nothing. */
export const channels: Readonly<Record<Stage, Channel>> = Object.fromEntries(
  stages.map((stage) => [stage, channel(`millrace:${stage}`)]),
) as Record<Stage, Channel>
