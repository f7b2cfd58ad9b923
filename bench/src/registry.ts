import { both } from './figures/both.ts'
import { disk } from './figures/disk.ts'
import { handle } from './figures/handle.ts'
import { keys } from './figures/keys.ts'
import { latency } from './figures/latency.ts'
import { loop } from './figures/loop.ts'
import { memory } from './figures/memory.ts'
import { publish } from './figures/publish.ts'
import { requestReply } from './figures/requests.ts'
import { schedule } from './figures/schedule.ts'
import { startUp } from './figures/start.ts'
import { streamAppends } from './figures/streams.ts'
import { subscriptions } from './figures/subscriptions.ts'
import { topics } from './figures/topics.ts'
import type { Group } from './measurement.ts'

/** All figures, in the order in which they are measured and shown. */
export const groups: readonly Group[] = [
  publish,
  handle,
  both,
  latency,
  streamAppends,
  requestReply,
  schedule,
  loop,
  startUp,
  memory,
  disk,
  topics,
  subscriptions,
  keys,
]
