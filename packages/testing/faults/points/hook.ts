// Preloaded (`--import`) into a workload process whose sources have points: what they call.
import { report } from '../workload/channel.ts'
import { killVariable } from './points.ts'

const [target, times] = (process.env[killVariable] ?? '#').split('#')
const reached = new Map<string, number>()

function reach(point: string): void {
  const count = (reached.get(point) ?? 0) + 1
  reached.set(point, count)
  if (count === 1) report({ type: 'point', point })
  if (point !== target || count !== Number(times)) return
  report({ type: 'count', name: `killed at ${point}`, by: 1 })
  // It does not return.
  process.kill(process.pid, 'SIGKILL')
}

Object.assign(globalThis, {
  millraceFaultPoint: reach,
  millraceFaultPassed: <T>(point: string, value: T): T => {
    reach(point)
    return value
  },
})
