import { writeSync } from 'node:fs'
import type { Report } from './report.ts'

const channel = 3

/**
 * Tells the parent. The line is in the pipe when this returns, so that it is read even if the process dies in the next moment:
 * what is reported after a thing happened is never reported of a thing that did not.
 */
export function report(line: Report): void {
  writeSync(channel, `${JSON.stringify(line)}\n`)
}

/** Milliseconds on the clock that all processes of one machine share, and that never goes back. */
export const nowMs = (): number => Number(process.hrtime.bigint() / 1_000n) / 1_000
