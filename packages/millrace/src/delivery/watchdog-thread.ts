import { writeSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { MillraceError } from '../base/index.ts'
import { slots, type WatchdogOptions } from './watchdog.ts'

const { state, names, blockedAfterMs, blockedExitMs } = workerData as WatchdogOptions & {
  readonly state: Float64Array
  readonly names: string[]
}

parentPort!.on('message', (subscription: string) => names.push(subscription))
parentPort!.unref()

let lastBeat = -1
let since = performance.now()
let reported = false

setInterval(
  () => {
    if (state[slots.beat] !== lastBeat) {
      lastBeat = state[slots.beat]!
      since = performance.now()
      reported = false
      return
    }
    const blockedMs = Math.round(performance.now() - since)
    if (blockedMs < blockedAfterMs) return
    const exits = blockedExitMs > 0 && blockedMs >= blockedExitMs
    if (!reported || exits) report(blockedMs, exits)
    reported = true
    // Only a signal ends a thread that never yields. The next process finds the delivery by its lease and isolates it.
    if (exits) process.kill(process.pid, 'SIGKILL')
  },
  Math.max(10, blockedAfterMs / 4),
)

/** The blocked thread's logger cannot run, and this thread's console is relayed by it: so straight to standard error. */
function report(blockedMs: number, exits: boolean): void {
  const subscription = names[state[slots.subscription]!] ?? 'the application'
  const error = new MillraceError('HANDLER_BLOCKED', { subscription, position: state[slots.position]!, blockedMs })
  writeSync(2, `${error.code}: ${error.message} ${exits ? 'The process is killed now.' : error.remedy}\n`)
}
